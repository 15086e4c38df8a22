const ADDRESS = /^(?:127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3})$/i;

/** Whether an IP address is one that only this machine reaches. */
export function isLoopbackAddress(address: string): boolean {
  return ADDRESS.test(address);
}

/** The same of what `server.host` may be: an address or a name. */
export function isLoopbackHost(host: string): boolean {
  return /^localhost\.?$/i.test(host) || isLoopbackAddress(host.replace(/^\[(.*)\]$/, '$1'));
}
