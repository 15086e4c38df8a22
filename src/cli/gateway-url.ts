import { existsSync } from 'node:fs';
import { LabwireError } from '../base/index.ts';
import { type Configuration, formatIssue, loadConfiguration } from '../config/index.ts';
import { DEFAULT_CONFIG } from './arguments.ts';
import type { CliIo } from './io.ts';
import { createLogger } from './log.ts';
import { siteParts } from './package.ts';

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

/**
 * That of a configuration which is read for it.
 *
 * @param config default labwire.yaml, where there is one
 * @throws LabwireError CONFIG_INVALID, USAGE
 */
export async function configuredGatewayUrl(config: string | undefined, io: CliIo): Promise<string> {
  const file = config ?? DEFAULT_CONFIG;
  const none = config === undefined && !existsSync(file);
  const { drivers } = await siteParts(file, createLogger({ pretty: io.terminal, env: io.env }));
  const { configuration, issues } = none
    ? { configuration: undefined, issues: [] }
    : loadConfiguration(file, { sections: Object.keys(drivers), env: io.env });
  if (!none && !configuration) {
    if (config !== undefined) {
      for (const issue of issues) io.complain(formatIssue(issue));
      throw new LabwireError('CONFIG_INVALID', `${file} has mistakes: correct them, see above, or give --url`);
    }
    io.complain(`${file} cannot be used and is left aside; \`labwire check\` says why`);
  }
  const url = gatewayUrl(configuration);
  if (url !== undefined) return url;
  throw new LabwireError('USAGE', `By ${file} the gateway listens on any free port; its log says which: give --url`);
}
