const ADDRESS = /^(?:127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3})$/i;

/** Whether an IP address is one that only this machine reaches. */
export function isLoopbackAddress(address: string): boolean {
  return ADDRESS.test(address);
}

/** The same of what `server.host` may be: an address or a name. */
export function isLoopbackHost(host: string): boolean {
  return /^localhost\.?$/i.test(host) || isLoopbackAddress(host.replace(/^\[(.*)\]$/, '$1'));
}

/** Whether others than this machine reach a server on this host, while nothing says who may come: that must not be. */
export function letsStrangersIn(host: string, users: object, tokenFile: string | undefined): boolean {
  return !isLoopbackHost(host) && tokenFile === undefined && Object.keys(users).length === 0;
}
