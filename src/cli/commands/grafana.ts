import { join, posix, resolve } from 'node:path';
import { LabwireError } from '../../base/index.ts';
import { configuredSinks, formatIssue } from '../../config/index.ts';
import { grafanaFiles, type ShownDatabase, secretNames, type WrittenOut, writeOut } from '../../dashboards/index.ts';
import { describedDevices } from '../../gateway/index.ts';
import type { CliIo } from '../io.ts';
import { createLogger } from '../log.ts';
import { siteParts } from '../package.ts';
import { readSite } from '../site.ts';

export interface GrafanaOptions {
  readonly config: string;
  /** The folder that is written. */
  readonly out: string;
  /** The same folder as Grafana sees it, where that is another. */
  readonly seenAs?: string;
}

/** `labwire grafana`: data source, folder and dashboards for Grafana's provisioning, from the configuration and catalogue. */
export async function grafanaCommand({ config, out, seenAs }: GrafanaOptions, io: CliIo): Promise<number> {
  const log = createLogger({ level: 'warn', pretty: io.terminal, env: io.env });
  const { configuration, parts, issues } = readSite(config, await siteParts(config, log), log);
  if (!configuration) {
    for (const issue of issues) io.complain(formatIssue(issue));
    return 2;
  }
  const databases = configuredSinks(configuration).filter((sink): sink is ShownDatabase => sink.kind === 'influx');
  const [first, ...others] = databases;
  if (!first) {
    const text = `${config} names no InfluxDB, and the dashboards show what is there; add influx: { url: http://localhost:8086, database: lab }`;
    throw new LabwireError('CONFIG_INVALID', text);
  }
  const site = { devices: describedDevices(configuration, parts, log), databases: [first, ...others] as const };
  const files = grafanaFiles(
    site,
    seenAs === undefined ? join(resolve(out), 'dashboards') : posix.join(seenAs, 'dashboards'),
  );
  tell(await writeOut(out, files), out, io);
  const secrets = secretNames(databases);
  if (secrets.length > 0) io.print(`Grafana takes secrets from its environment: set ${secrets.join(', ')} there`);
  return 0;
}

function tell({ written, unchanged, kept, former }: WrittenOut, out: string, io: CliIo): void {
  for (const path of written) io.print(`written    ${join(out, path)}`);
  for (const path of unchanged) io.print(`unchanged  ${join(out, path)}`);
  for (const path of former)
    io.print(`left       ${join(out, path)}: nothing in the configuration calls for it any more`);
  for (const path of kept)
    io.complain(`left       ${join(out, path)}: not as labwire wrote it; move it away to have it made anew`);
}
