import { formatIssue } from '../../config/index.ts';
import { createLogger } from '../log.ts';
import { openSite, readSite } from '../site.ts';

/** `labwire check`: everything that is wrong with a configuration, a line each. Exit status 2 if anything is. */
export async function checkCommand({ config, json }: { config: string; json?: boolean }): Promise<number> {
  const log = createLogger();
  const { configuration, issues } = readSite(await openSite(config, log), log);
  if (json) process.stdout.write(`${JSON.stringify(issues, null, 2)}\n`);
  else for (const issue of issues) process.stdout.write(`${formatIssue(issue)}\n`);
  if (!configuration) return 2;
  const count = Object.keys(configuration.devices).length;
  if (!json) process.stdout.write(`${config} is right: ${count} ${count === 1 ? 'device' : 'devices'}\n`);
  return 0;
}
