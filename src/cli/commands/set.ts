import { LabwireError } from '../../base/index.ts';
import { type GatewayOptions, withGateway } from '../gateway-session.ts';
import type { CliIo } from '../io.ts';
import { settingValue } from '../remote-argument.ts';
import { nodeNamed } from '../remote-path.ts';
import { isHolder, shownValue, valueWithUnit } from '../remote-values.ts';

/**
 * `labwire set`: sets a setting or a writable channel, and tells the value that it has then. With `--json` `{ path, value, unit,
 * readonly }`.
 */
export async function setCommand(path: string, text: string, options: GatewayOptions, io: CliIo): Promise<number> {
  return withGateway({ ...options, subscription: { paths: [path] } }, io, async (client) => {
    const { node } = nodeNamed(client, path, 'setting', (one) => !isHolder(one) && one.type !== 'method');
    if (node.readonly)
      throw new LabwireError('USAGE', `${path} can only be read; \`labwire read\` shows what can be set`);
    const before = shownValue(node, path).value;
    const asked = settingValue(path, node, text);
    await client.set(path, asked);
    const now = shownValue(client.node(path) ?? node, path);
    // A channel has the value that was measured last: the new one comes with the next reading.
    const late = now.value === before && now.value !== asked;
    const told = `${path} is ${valueWithUnit(now)}${late ? ' as before; what was written shows with the next reading' : ''}`;
    io.print(options.json ? JSON.stringify(now, null, 2) : told);
    return 0;
  });
}
