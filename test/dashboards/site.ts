import type { ShownDatabase, ShownDevice, ShownSite } from '../../src/dashboards/index.ts';
import type { ChannelDescription, DeviceDescription } from '../../src/instrument/index.ts';

export function channel(id: string, change: Partial<ChannelDescription> = {}): ChannelDescription {
  return { id, type: 'number', kind: 'measurement', scale: 1, offset: 0, ...change };
}

export function device(
  id: string,
  channels: readonly ChannelDescription[],
  change: Partial<DeviceDescription> = {},
): ShownDevice {
  const description: DeviceDescription = {
    ...{ gateway: 'lab_a', device: id, model: 'lakeshore-218', manufacturer: 'Lake Shore', modelName: '218' },
    ...{ port: '/dev/ttyUSB0', simulated: false, measurement: 'lakeshore_218', tags: {}, interval: 1 },
    channels: new Map(channels.map((one) => [one.id, one])),
    ...change,
  };
  return { description };
}

export const database = (options: Partial<ShownDatabase['options']> = {}, name = 'influx'): ShownDatabase => ({
  kind: 'influx',
  name,
  options: { url: 'http://localhost:8086', database: 'lab', ...options },
});

export function site(...devices: ShownDevice[]): ShownSite {
  return { devices, databases: [database()] };
}

/** Channels of every kind. */
export const kelvin = (id: string, change: Partial<ChannelDescription> = {}): ChannelDescription =>
  channel(id, { quantity: 'temperature', unit: 'K', range: [1.4, 475], resolution: 0.001, ...change });

export const allKinds: readonly ChannelDescription[] = [
  kelvin('t1', { label: 'Stage 1' }),
  kelvin('t2'),
  channel('p', { quantity: 'pressure', unit: 'mbar', resolution: 0.5 }),
  channel('count', { type: 'integer' }),
  channel('mode', { type: 'enum', options: ['idle', 'run'], label: 'Mode' }),
  channel('lid', { type: 'boolean' }),
  channel('note', { type: 'text' }),
];
