import { LabwireError, type Logger, toError } from '../../base/index.ts';
import { formatIssue, watchConfiguration } from '../../config/index.ts';
import { Gateway } from '../../gateway/index.ts';
import { createLogger } from '../log.ts';
import { openSite, readSite, type Site, stateFileOf } from '../site.ts';

/** `labwire run`: the gateway, until it is stopped. An edit of the configuration applies at once. */
export async function runCommand({ config }: { config: string }): Promise<number> {
  const log = createLogger();
  const site = await openSite(config, log);
  const { configuration, issues } = readSite(site, log);
  if (!configuration) {
    for (const issue of issues) process.stderr.write(`${formatIssue(issue)}\n`);
    return 2;
  }
  const gateway = new Gateway(configuration, { ...site.parts, log, stateFile: stateFileOf(site) });
  const endWatching = watchConfiguration(config, () => void reload(gateway, site, log));
  try {
    return await gateway.run();
  } finally {
    endWatching();
  }
}

/** A faulty edit changes nothing and says why. */
async function reload(gateway: Gateway, site: Site, log: Logger): Promise<void> {
  const { configuration, issues } = readSite(site, log);
  if (!configuration) {
    for (const issue of issues) log.error(formatIssue(issue));
    log.error(`${site.file} has mistakes; the gateway goes on as it was`);
    return;
  }
  try {
    await gateway.apply(configuration);
  } catch (error) {
    const code = error instanceof LabwireError ? error.code : 'INTERNAL';
    log.error({ code, err: error }, `the edit of ${site.file} could not be applied: ${toError(error).message}`);
  }
}
