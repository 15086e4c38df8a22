import { sleep, systemClock } from '../../base/index.ts';
import type { Client, RemoteNode } from '../../client/index.ts';
import { type GatewayOptions, withGateway } from '../gateway-session.ts';
import type { CliIo } from '../io.ts';
import { nodeNamed } from '../remote-path.ts';
import { isHolder, type ShownValue, shownValue, valuesAt, valueWithUnit } from '../remote-values.ts';
import { Screen, type ScreenStream } from '../screen.ts';
import { valueTable } from './read.ts';

export interface WatchOptions extends GatewayOptions {
  /** How often at most each value is told, per second. */
  readonly hz: number;
}

/**
 * `labwire watch`: values as they change, until Ctrl-C: on a terminal a table that is written anew in its place, else a line for
 * each change. With `--json` a line `{ time, path, value, unit, readonly }` for each.
 */
export async function watchCommand(
  paths: readonly string[],
  options: WatchOptions,
  io: CliIo,
  out: ScreenStream = process.stdout,
): Promise<number> {
  const { hz, json } = options;
  const subscription = { maxHz: hz, ...(paths.length > 0 && { paths }) };
  return withGateway({ ...options, subscription }, io, async (client, signal) => {
    for (const path of paths) nodeNamed(client, path, 'value', ({ type }) => type !== 'method');
    if (io.outputTerminal && !json) await showTable(client, paths, hz, out, signal);
    else await printLines(client, paths, json === true, io, signal);
    return 0;
  });
}

const valuesOf = (client: Client, paths: readonly string[]): ShownValue[] =>
  paths.length === 0 ? valuesAt(client) : paths.flatMap((path) => valuesAt(client, path));

async function showTable(
  client: Client,
  paths: readonly string[],
  hz: number,
  out: ScreenStream,
  signal: AbortSignal,
): Promise<void> {
  const screen = new Screen(out);
  while (!signal.aborted && client.state !== 'closed') {
    const time = new Date().toLocaleTimeString('sv');
    const title = client.state === 'connected' ? time : 'NOT CONNECTED: the last known values';
    screen.draw([`${title}  Ctrl-C ends it`, '', ...valueTable(valuesOf(client, paths)).split('\n')]);
    await sleep(systemClock, 1000 / hz, signal).catch(() => {});
  }
}

async function printLines(
  client: Client,
  paths: readonly string[],
  json: boolean,
  io: CliIo,
  signal: AbortSignal,
): Promise<void> {
  const print = (shown: ShownValue): void => {
    const time = new Date().toISOString();
    io.print(json ? JSON.stringify({ time, ...shown }) : `${time}  ${shown.path}  ${valueWithUnit(shown)}`);
  };
  client.onState((state) => {
    if (state === 'reconnecting') io.complain('the connection is lost, and made again as soon as the gateway answers');
    if (state === 'connected') io.complain('connected again');
  });
  // Asked for before the present values are told, so that none between is missed.
  const changes = client.changes({ signal, ...(paths.length > 0 && { paths }) });
  for (const shown of valuesOf(client, paths)) print(shown);
  for await (const { path, node } of changes) {
    if (paths.length === 0 && isBeside(client, path, node)) continue;
    // A device that came, for one, is told as a whole.
    if (isHolder(node)) for (const shown of valuesAt(client, path === '' ? undefined : path)) print(shown);
    else print(shownValue(node, path));
  }
}

/** What `labwire read` does not show without a path: tasks, and the gateway's own. */
function isBeside(client: Client, path: string, { type }: RemoteNode): boolean {
  const holder = client.node(path.slice(0, Math.max(0, path.lastIndexOf('.'))));
  return type === 'Task' || holder?.type === 'Task' || /^sinks\b/.test(path);
}
