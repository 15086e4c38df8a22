import { LabwireError, type Logger, toError } from '../../base/index.ts';
import { type Configuration, formatIssue, watchConfiguration } from '../../config/index.ts';
import { Gateway, type GatewayParts } from '../../gateway/index.ts';
import type { LogLevel } from '../arguments.ts';
import type { CliIo } from '../io.ts';
import { createLogger } from '../log.ts';
import { MODELS_FOLDER, siteParts } from '../package.ts';
import { journalFileOf, readSite, stateFileOf, tokenFileOf } from '../site.ts';
import { type Supervision, superviseBySystemd } from '../systemd/index.ts';

export interface RunOptions {
  readonly config: string;
  readonly logLevel?: LogLevel;
}

/** `labwire run`: the gateway, until it is stopped. An edit of the configuration applies at once. */
export async function runCommand({ config, logLevel }: RunOptions, io: CliIo): Promise<number> {
  const log = createLogger({ level: logLevel ?? 'info', pretty: io.terminal, env: io.env });
  const given = await siteParts(config, log);
  const { configuration, parts, issues } = readSite(config, given, log);
  if (!configuration) {
    for (const issue of issues) io.complain(formatIssue(issue));
    return 2;
  }
  warnOfStateDirectory(configuration, config, io, log);
  const gateway = new Gateway(configuration, {
    ...parts,
    log,
    journalFile: journalFileOf(config, configuration),
    stateFile: stateFileOf(config, configuration),
    tokenFile: tokenFileOf(config, configuration),
  });
  const supervision = superviseBySystemd({ env: io.env, log, vitals: () => gateway.vitals });
  const unwatched = (error: Error): void =>
    log.warn({ err: error }, `edits of ${config} are not noticed until a restart: ${error.message}`);
  const endWatching = watchConfiguration(
    config,
    () => void reload(gateway, config, given, log, supervision),
    unwatched,
    [MODELS_FOLDER],
  );
  try {
    return await gateway.run(
      () => supervision.started(),
      () => supervision.stopping(),
    );
  } finally {
    endWatching();
    supervision.end();
  }
}

/**
 * A service of systemd may mostly write to one folder only. It is not taken by itself: `labwire token` and `labwire export`,
 * which no service runs, would look for it elsewhere.
 */
function warnOfStateDirectory({ journal }: Configuration, config: string, { env }: CliIo, log: Logger): void {
  const [folder] = env.STATE_DIRECTORY?.split(':') ?? [];
  if (!folder || journal.path !== undefined) return;
  log.warn(
    `${config} names no journal.path, and systemd has ${folder} for it: add journal: { path: ${folder}/journal.db }`,
  );
}

/** A faulty edit changes nothing and says why. */
async function reload(
  gateway: Gateway,
  config: string,
  given: GatewayParts,
  log: Logger,
  supervision: Supervision,
): Promise<void> {
  try {
    const { configuration, parts, issues, empty } = readSite(config, given, log);
    if (empty.length > 0) {
      // Who writes over a file empties it first. Taken as it is, it would say: no devices, and nothing kept for any sink.
      log.warn(`${empty.join(', ')} is empty: the gateway goes on as it was until something is written into it`);
      return;
    }
    if (configuration) return await supervision.reloading(() => gateway.apply(configuration, parts));
    for (const issue of issues) log.error(formatIssue(issue));
    log.error(`${config} has mistakes; the gateway goes on as it was`);
  } catch (error) {
    const code = error instanceof LabwireError ? error.code : 'INTERNAL';
    log.error({ code, err: error }, `the edit of ${config} could not be applied: ${toError(error).message}`);
  }
}
