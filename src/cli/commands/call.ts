import { type GatewayOptions, withGateway } from '../gateway-session.ts';
import type { CliIo } from '../io.ts';
import { callArguments } from '../remote-argument.ts';
import { nodeNamed } from '../remote-path.ts';
import { valueText } from '../remote-values.ts';

/** `labwire call`: calls a command with named arguments, and tells its result. With `--json` `{ path, result }`. */
export async function callCommand(
  path: string,
  texts: readonly string[],
  options: GatewayOptions,
  io: CliIo,
): Promise<number> {
  return withGateway({ ...options, subscription: { paths: [] } }, io, async (client) => {
    const { node } = nodeNamed(client, path, 'command', ({ type }) => type === 'method');
    const result = await client.call(path, callArguments(path, node, texts));
    if (options.json) io.print(JSON.stringify({ path, result }, null, 2));
    else io.print(result === null ? `${path} is done` : valueText(result));
    return 0;
  });
}
