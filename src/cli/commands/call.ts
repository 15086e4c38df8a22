import { LabwireError } from '../../base/index.ts';
import type { Client, RemoteNode } from '../../client/index.ts';
import { type GatewayOptions, withGateway } from '../gateway-session.ts';
import type { CliIo } from '../io.ts';
import { callArguments, parameterText } from '../remote-argument.ts';
import { nodeNamed, walk } from '../remote-path.ts';
import { valueText } from '../remote-values.ts';
import { table } from '../table.ts';

/**
 * `labwire call`: calls a command with named arguments, and tells its result; without a path it lists the commands. With `--json`
 * `{ path, result }`, or an array of `{ path, doc, parameters }`.
 */
export async function callCommand(
  path: string | undefined,
  texts: readonly string[],
  options: GatewayOptions,
  io: CliIo,
): Promise<number> {
  return withGateway({ ...options, subscription: { paths: [] } }, io, async (client) => {
    if (path === undefined) {
      io.print(options.json ? JSON.stringify(listed(client), null, 2) : asText(listed(client)));
      return 0;
    }
    const { node } = nodeNamed(client, path, 'command', ({ type }) => type === 'method', '`labwire call` lists them.');
    if (isOfTask(client, path)) {
      const [, task, verb] = /^(.*)\.(\w+)$/.exec(path) ?? [];
      throw new LabwireError('USAGE', `${task} is a task: use \`labwire tasks ${task} ${verb}\``);
    }
    const result = await client.call(path, callArguments(path, node, texts));
    if (options.json) io.print(JSON.stringify({ path, result }, null, 2));
    else io.print(result === null ? `${path} is done` : valueText(result));
    return 0;
  });
}

interface ListedCommand {
  readonly path: string;
  readonly doc: string | null;
  readonly parameters: NonNullable<RemoteNode['signature']>['parameters'];
}

function listed(client: Client): ListedCommand[] {
  return [...walk(client.node(), '')]
    .filter(([path, { type }]) => type === 'method' && !isOfTask(client, path))
    .map(([path, { doc, signature }]) => ({ path, doc, parameters: signature?.parameters ?? {} }));
}

function asText(commands: readonly ListedCommand[]): string {
  if (commands.length === 0) return 'There are no commands.';
  return table(
    ['COMMAND', 'ARGUMENTS', 'WHAT'],
    commands.map(({ path, doc, parameters }) => [
      path,
      Object.entries(parameters)
        .map((entry) => parameterText(...entry))
        .join(' '),
      doc ?? '',
    ]),
  );
}

const isOfTask = (client: Client, path: string): boolean =>
  client.node(path.slice(0, Math.max(0, path.lastIndexOf('.'))))?.type === 'Task';
