import { expect, it } from 'vitest';
import { type Configuration, configSchema } from '../../src/config/index.ts';
import { compareConfigurations } from '../../src/gateway/changes.ts';

function configuration(input: Record<string, unknown>): Configuration {
  return configSchema([]).parse(input);
}
const device = (path: string): object => ({ model: 'line', port: { path } });

it('restarts only the devices whose text changed', () => {
  const before = configuration({
    gateway: { id: 'lab' },
    devices: { a: device('/dev/a'), b: device('/dev/b'), c: device('/dev/c') },
  });
  const after = configuration({
    gateway: { id: 'lab' },
    devices: { a: device('/dev/a'), b: device('/dev/x'), d: device('/dev/d') },
  });
  expect(compareConfigurations(before, after)).toEqual({
    removed: ['c'],
    added: ['d'],
    changed: ['b'],
    sinks: [],
    server: false,
  });
});

it('restarts every device when what they inherit from the gateway changed', () => {
  const before = configuration({ gateway: { id: 'lab' }, devices: { a: device('/dev/a') } });
  const after = configuration({ gateway: { id: 'lab', tags: { room: '1' } }, devices: { a: device('/dev/a') } });
  expect(compareConfigurations(before, after)).toMatchObject({ changed: ['a'], sinks: [] });
});

it('renews the sink that changed, and each that carries the name of the gateway', () => {
  const both = { gateway: { id: 'lab' }, mqtt: { url: 'mqtt://a' }, influx: { url: 'http://a', database: 'd' } };
  const sinks = (change: Record<string, unknown>): readonly string[] =>
    compareConfigurations(configuration(both), configuration({ ...both, ...change })).sinks;
  expect(sinks({})).toEqual([]);
  expect(sinks({ mqtt: { url: 'mqtt://b' } })).toEqual(['mqtt']);
  expect(sinks({ influx: undefined })).toEqual(['influx']);
  expect(sinks({ gateway: { id: 'lob' } })).toEqual(['mqtt', 'influx']);
  expect(sinks({ gateway: { id: 'lab', tags: { room: '1' } } })).toEqual([]);
});
