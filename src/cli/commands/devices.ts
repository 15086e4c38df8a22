import { z } from 'zod';
import { askGateway } from '../gateway-rest.ts';
import { type GatewayOptions, gatewayPlace, untilStopped } from '../gateway-session.ts';
import type { CliIo } from '../io.ts';
import { table } from '../table.ts';

const device = z.looseObject({
  id: z.string(),
  status: z.string(),
  health: z.looseObject({ state: z.string(), message: z.string().nullable(), lastSample: z.string().nullable() }),
  info: z.looseObject({ modelId: z.string(), label: z.string().optional(), port: z.string() }),
});
type Device = z.output<typeof device>;
const answer = z.object({ devices: z.array(device) });

/** `labwire devices`: the devices of a gateway and how they are. With `--json` an array as `/api/v1/devices` has it. */
export async function devicesCommand(options: GatewayOptions, io: CliIo): Promise<number> {
  const place = await gatewayPlace(options, io);
  const { devices } = await untilStopped(io, (signal) => askGateway(place, '/api/v1/devices', {}, answer, signal));
  if (options.json) io.print(JSON.stringify(devices, null, 2));
  else if (devices.length === 0) io.print('The gateway has no devices.');
  else io.print(table(['DEVICE', 'STATE', 'MODEL', 'LABEL', 'PORT', 'LAST SAMPLE', 'WHY'], devices.map(row)));
  return 0;
}

const row = ({ id, health, info }: Device): string[] => [
  id,
  health.state,
  info.modelId,
  info.label ?? '',
  info.port,
  // To the second: enough to see that it is alive.
  health.lastSample?.replace(/\.\d+Z$/, 'Z') ?? '',
  health.message ?? '',
];
