import { formatIssue } from '../../config/index.ts';
import type { CliIo } from '../io.ts';
import { createLogger } from '../log.ts';
import { siteParts } from '../package.ts';
import { readSite } from '../site.ts';

/** `labwire check`: everything that is wrong with a configuration, a line each. Exit status 2 if anything is. */
export async function checkCommand({ config, json }: { config: string; json?: boolean }, io: CliIo): Promise<number> {
  const log = createLogger({ pretty: io.terminal, env: io.env });
  const { configuration, issues } = readSite(config, await siteParts(config, log), log);
  if (json) io.print(JSON.stringify(issues, null, 2));
  else for (const issue of issues) io.print(formatIssue(issue));
  if (!configuration) return 2;
  const count = Object.keys(configuration.devices).length;
  if (!json) io.print(`${config} is right: ${count} ${count === 1 ? 'device' : 'devices'}`);
  return 0;
}
