import type { Configuration } from '../config/index.ts';

const DEFAULT_URL = 'http://127.0.0.1:8001';

/**
 * Where the gateway of a configuration is reached from its own machine, e.g. `https://127.0.0.1:8001`; without one, where one is
 * by default. Undefined where it cannot be known, since it listens on any free port.
 */
export function gatewayUrl(configuration: Configuration | undefined): string | undefined {
  if (!configuration) return DEFAULT_URL;
  const { host, port, tls } = configuration.server;
  if (port === 0) return undefined;
  const reached = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `${tls ? 'https' : 'http'}://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}
