const REMEDIES: readonly (readonly [says: RegExp, remedy: string])[] = [
  [/ECONNREFUSED/, 'nothing listens there: start it, or correct the url'],
  [/ENOTFOUND|EAI_AGAIN/, 'this name is not known: correct the url, or look whether the name server answers'],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, 'nobody answers there: look at the network and the firewall, and at the url'],
];

/** What to do about what the system says of a connection, to be put behind it: with a semicolon, or empty. */
export function networkRemedy(reason: string): string {
  const remedy = REMEDIES.find(([says]) => says.test(reason))?.[1];
  return remedy === undefined ? '' : `; ${remedy}`;
}
