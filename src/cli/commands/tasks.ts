import { LabwireError } from '../../base/index.ts';
import { type Client, type RemoteNode, valueOfNode } from '../../client/index.ts';
import type { TaskVerb } from '../../service/index.ts';
import { type GatewayOptions, withGateway } from '../gateway-session.ts';
import type { CliIo } from '../io.ts';
import { nodeNamed, walk } from '../remote-path.ts';
import { table } from '../table.ts';

/** A task as `--json` has it; null is what its server does not tell. */
interface ShownTask {
  readonly path: string;
  readonly status: string;
  readonly state: string | null;
  readonly result: string | null;
  readonly restarts: number | null;
  readonly lastError: { readonly message: string; readonly time: string } | null;
  readonly activeSince: string | null;
  readonly nextStartAt: string | null;
}

/**
 * `labwire tasks`: the tasks of a gateway, or of a device; and starts, stops or restarts one. A device with a single task
 * stands for it. With `--json` an array of tasks as they are then.
 */
export async function tasksCommand(
  path: string | undefined,
  verb: TaskVerb | undefined,
  options: GatewayOptions,
  io: CliIo,
): Promise<number> {
  return withGateway({ ...options, subscription: { paths: [] } }, io, async (client) => {
    if (path !== undefined) nodeNamed(client, path, 'task', hasTasks, '`labwire tasks` lists them.');
    const found = tasksBelow(client.node(path), path ?? '');
    if (verb !== undefined) await control(client, path ?? '', found, verb);
    const tasks = tasksBelow(client.node(path), path ?? '').map((one) => shownTask(client, one));
    const [only] = tasks;
    if (options.json) io.print(JSON.stringify(tasks, null, 2));
    else if (verb !== undefined && only) io.print(`${only.path} is ${only.state ?? only.status}`);
    else if (tasks.length === 0) io.print('There are no tasks.');
    else io.print(table(HEADS, tasks.map(row)));
    return 0;
  });
}

const HEADS = ['TASK', 'STATE', 'SINCE', 'RESTARTS', 'RESULT', 'LAST ERROR'];

async function control(client: Client, path: string, tasks: readonly string[], verb: TaskVerb): Promise<void> {
  const [task] = tasks;
  if (task === undefined || tasks.length > 1) {
    throw new LabwireError('USAGE', `${path} has several tasks: ${tasks.join(', ')}. Name the one to ${verb}`);
  }
  await client.call(`${task}.${verb}`);
  await client.get(task);
}

const hasTasks = (node: RemoteNode): boolean => tasksBelow(node, '').length > 0;

function tasksBelow(node: RemoteNode | undefined, path: string): string[] {
  if (node?.type === 'Task') return [path];
  return [...walk(node, path)].filter(([, { type }]) => type === 'Task').map(([task]) => task);
}

function shownTask(client: Client, path: string): ShownTask {
  const attribute = (name: string): unknown => {
    const node = client.node(`${path}.${name}`);
    return node ? valueOfNode(node) : null;
  };
  return {
    path,
    // Of an enum the name, as a task's own handle has it.
    status: String(client.node(`${path}.status`)?.value),
    state: attribute('state') as string | null,
    result: attribute('result') as string | null,
    restarts: attribute('restarts') as number | null,
    lastError: attribute('lastError') as ShownTask['lastError'],
    activeSince: attribute('activeSince') as string | null,
    nextStartAt: attribute('nextStartAt') as string | null,
  };
}

function row({ path, status, state, activeSince, nextStartAt, restarts, result, lastError }: ShownTask): string[] {
  // To the second, as a person reads it.
  const seconds = (time: string): string => time.replace(/\.\d+Z$/, 'Z');
  const next = nextStartAt === null ? '' : `next run ${seconds(nextStartAt)}`;
  const since = activeSince === null ? next : seconds(activeSince);
  const failed = result === null || result === 'success' ? '' : result;
  return [path, state ?? status, since, restarts ? String(restarts) : '', failed, lastError?.message ?? ''];
}
