import { type GatewayOptions, withGateway } from '../gateway-session.ts';
import type { CliIo } from '../io.ts';
import { nodeNamed } from '../remote-path.ts';
import { type ShownValue, valuesAt, valueText, valueWithUnit } from '../remote-values.ts';
import { table } from '../table.ts';

/**
 * `labwire read`: the present values of a gateway, of one device, or one value by itself. With `--json` an array of `{ path,
 * value, unit, readonly }`.
 */
export async function readCommand(path: string | undefined, options: GatewayOptions, io: CliIo): Promise<number> {
  return withGateway({ ...options, subscription: { paths: [] } }, io, async (client) => {
    if (path !== undefined) nodeNamed(client, path, 'value', ({ type }) => type !== 'method');
    const values = valuesAt(client, path);
    const [first] = values;
    if (options.json) io.print(JSON.stringify(values, null, 2));
    else if (first && first.path === path) io.print(valueWithUnit(first));
    else if (values.length === 0) io.print('There are no values.');
    else io.print(valueTable(values));
    return 0;
  });
}

/** Rows of path, value and unit; what may be set is marked. */
export function valueTable(values: readonly ShownValue[]): string {
  return table(['PATH', 'VALUE', 'UNIT', ''], values.map(row));
}

const row = ({ path, value, unit, readonly }: ShownValue): string[] => [
  path,
  valueText(value),
  unit ?? '',
  readonly ? '' : 'can be set',
];
