import { describe, expect, it } from 'vitest';
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
    removedSinks: [],
    sinks: [],
    server: false,
  });
});

it('restarts every device when what they inherit from the gateway changed', () => {
  const before = configuration({ gateway: { id: 'lab' }, devices: { a: device('/dev/a') } });
  const after = configuration({ gateway: { id: 'lab', tags: { room: '1' } }, devices: { a: device('/dev/a') } });
  expect(compareConfigurations(before, after)).toMatchObject({ changed: ['a'], sinks: [] });
});

it('restarts nothing when the gateway is set to be read only', () => {
  const before = configuration({ gateway: { id: 'lab' }, devices: { a: device('/dev/a') }, mqtt: { url: 'mqtt://a' } });
  const after = { ...before, gateway: { ...before.gateway, readOnly: true } };
  expect(compareConfigurations(before, after)).toMatchObject({ changed: [], sinks: [], server: false });
});

describe('a change of the sinks', () => {
  const both = { gateway: { id: 'lab' }, mqtt: { url: 'mqtt://a' }, influx: { url: 'http://a', database: 'd' } };
  const change = (after: Record<string, unknown>, before: Record<string, unknown> = both) => {
    const { sinks, removedSinks } = compareConfigurations(configuration(before), configuration(after));
    return { renewed: sinks.map(({ name }) => name), removed: removedSinks };
  };

  it('renews the one whose text is another, and each that carries the name of the gateway', () => {
    expect(change(both)).toEqual({ renewed: [], removed: [] });
    expect(change({ ...both, mqtt: { url: 'mqtt://b' } })).toEqual({ renewed: ['mqtt'], removed: [] });
    expect(change({ ...both, gateway: { id: 'lob' } })).toEqual({ renewed: ['mqtt', 'influx'], removed: [] });
    expect(change({ ...both, gateway: { id: 'lab', tags: { room: '1' } } })).toEqual({ renewed: [], removed: [] });
  });

  it('removes the one that is gone', () => {
    expect(change({ ...both, influx: undefined })).toEqual({ renewed: [], removed: ['influx'] });
  });

  it('leaves the others of a list alone', () => {
    const broker = (name: string, url = `mqtt://${name}`): object => ({ name, url });
    const before = { ...both, mqtt: [broker('here'), broker('there')] };
    const listed = (...mqtt: object[]): object => ({ ...both, mqtt });
    expect(change({ ...listed(broker('here'), broker('there', 'mqtt://x')) }, before).renewed).toEqual(['there']);
    expect(change({ ...listed(broker('there'), broker('here')) }, before)).toEqual({ renewed: [], removed: [] });
    expect(change({ ...listed(broker('there'), broker('far')) }, before)).toEqual({
      renewed: ['far'],
      removed: ['here'],
    });
  });

  it('keeps what becomes a list, if its name stays', () => {
    const mqtt = [
      { name: 'mqtt', url: 'mqtt://a' },
      { name: 'more', url: 'mqtt://b' },
    ];
    expect(change({ ...both, mqtt })).toEqual({ renewed: ['more'], removed: [] });
  });
});
