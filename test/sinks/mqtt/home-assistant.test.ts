import { describe, expect, test } from 'vitest';
import type { DeviceDescription } from '../../../src/instrument/index.ts';
import { discovery } from '../../../src/sinks/mqtt/discovery.ts';
import { Topics } from '../../../src/sinks/mqtt/topics.ts';
import { description } from '../parts.ts';
import { type Sent, type Setup, setup, turn } from './scripted-client.ts';

const topics = new Topics('labwire', 'lab_a', 1);
const topicOf = (device: string): string => `homeassistant/device/labwire-lab_a-${device}/config`;
const withChannels = (...ids: string[]): DeviceDescription =>
  description({ channels: new Map([...description().channels].filter(([id]) => ids.includes(id))) });

async function told({ client, news, parts }: Setup): Promise<Sent[]> {
  client().prompt = true;
  client().accept();
  await settled({ client, news, parts });
  return toHomeAssistant(news());
}

async function settled({ parts }: Pick<Setup, 'client' | 'news' | 'parts'>): Promise<void> {
  await turn();
  await parts.clock.advance(300);
  await turn();
}

const toHomeAssistant = (sent: Sent[]): Sent[] => sent.filter(({ topic }) => topic.startsWith('homeassistant/'));
const componentsOf = (sent: Sent | undefined): Record<string, unknown> => JSON.parse(sent?.payload ?? '{}').components;

describe('Home Assistant', () => {
  test('is told of each device, retained, once the broker has said what it holds', async () => {
    const all = setup({ homeAssistant: { prefix: 'homeassistant' }, version: '0.1.0' });
    all.parts.state.described = [description(), description({ device: 'oven' })];
    const sent = await told(all);
    expect(sent.map(({ topic, retain }) => [topic, retain])).toEqual([
      [topicOf('cryostat'), true],
      [topicOf('oven'), true],
    ]);
    expect(JSON.parse(sent[0]?.payload ?? '')).toEqual(
      JSON.parse(JSON.stringify(discovery(description(), topics, '0.1.0'))),
    );
    expect([...all.client().subscribed.keys()]).toContain('homeassistant/status');
    expect([...all.client().subscribed.keys()]).not.toContain('homeassistant/device/+/config');
  });

  test('is told nothing where it is not asked for', async () => {
    expect(await told(setup())).toEqual([]);
  });

  test('gets nothing anew that the broker holds already', async () => {
    const all = setup({ homeAssistant: { prefix: 'homeassistant' } });
    all.client().prompt = true;
    all.client().accept();
    all.client().receive(topicOf('cryostat'), JSON.stringify(discovery(description(), topics)), { retain: true });
    await settled(all);
    expect(toHomeAssistant(all.news())).toEqual([]);
  });

  test('is told to forget a device that went while the broker or the gateway was away, and no foreign one', async () => {
    const all = setup({ homeAssistant: { prefix: 'homeassistant' } });
    all.parts.state.described = [];
    all.client().prompt = true;
    all.client().accept();
    const own = discovery(description({ device: 'old' }), topics);
    const foreign = [
      JSON.stringify({ ...own, origin: { name: 'zigbee2mqtt' } }),
      JSON.stringify({ ...own, availability: [{ topic: 'labwire/lab_b/status' }] }),
      'no json',
      '[]',
      '{"origin":{"name":"labwire"},"availability":3,"components":[]}',
    ];
    for (const [i, text] of foreign.entries()) all.client().receive(topicOf(`other_${i}`), text, { retain: true });
    all.client().receive(topicOf('old'), JSON.stringify(own), { retain: true });
    await settled(all);
    expect(toHomeAssistant(all.news()).map(({ topic, payload, retain }) => [topic, payload, retain])).toEqual([
      [topicOf('old'), '', true],
    ]);
  });

  test('is told to forget a channel by its platform alone, and then without it', async () => {
    const all = setup({ homeAssistant: { prefix: 'homeassistant' } });
    all.parts.state.described = [withChannels('t1', 't2')];
    await told(all);
    all.parts.state.described = [withChannels('t1')];
    all.parts.state.set(['cryostat', 'info'], { channels: 1 });
    await turn();
    const [first, second, ...more] = toHomeAssistant(all.news());
    expect(componentsOf(first)).toMatchObject({ t1: { platform: 'sensor', unique_id: expect.anything() } });
    expect(componentsOf(first).t2).toEqual({ platform: 'sensor' });
    expect(Object.keys(componentsOf(second))).toEqual(['t1']);
    expect(more).toEqual([]);
  });

  test('is told so too of a channel that went while the broker was away, or became another kind of entity', async () => {
    const all = setup({ homeAssistant: { prefix: 'homeassistant' } });
    const before = discovery(withChannels('t1', 't2', 't3'), topics);
    const t1 = { ...description().channels.get('t1'), type: 'boolean' } as never;
    all.parts.state.described = [description({ channels: new Map([['t1', t1]]) })];
    all.client().prompt = true;
    all.client().accept();
    all.client().receive(topicOf('cryostat'), JSON.stringify(before), { retain: true });
    await settled(all);
    const [first, second] = toHomeAssistant(all.news());
    expect(componentsOf(first)).toEqual({
      t1: { platform: 'sensor' },
      t2: { platform: 'sensor' },
      t3: { platform: 'sensor' },
    });
    expect(componentsOf(second)).toMatchObject({ t1: { platform: 'binary_sensor' } });
  });

  test('is told to forget a device that is removed from the configuration', async () => {
    const all = setup({ homeAssistant: { prefix: 'homeassistant' } });
    await told(all);
    all.parts.state.described = [];
    all.parts.state.set(['cryostat', 'info'], undefined);
    await turn();
    expect(toHomeAssistant(all.news()).map(({ topic, payload }) => [topic, payload])).toEqual([
      [topicOf('cryostat'), ''],
    ]);
  });

  test('does not hear of a device that is stopped and started again within one turn', async () => {
    const all = setup({ homeAssistant: { prefix: 'homeassistant' } });
    await told(all);
    all.parts.state.described = [];
    all.parts.state.set(['cryostat', 'info'], undefined);
    all.parts.state.described = [description()];
    all.parts.state.set(['cryostat', 'info'], { again: true });
    await turn();
    expect(toHomeAssistant(all.news())).toEqual([]);
  });

  test('gets all again when it says that it is online, once however often it says so', async () => {
    const all = setup({ homeAssistant: { prefix: 'ha/x' } });
    await told(all);
    all.news();
    all.client().receive('ha/x/status', 'offline');
    all.client().receive('ha/x/status', 'online', { retain: true });
    await all.parts.clock.advance(2000);
    expect(all.news()).toEqual([]);
    for (let i = 0; i < 5; i++) all.client().receive('ha/x/status', 'online');
    await all.parts.clock.advance(2000);
    await turn();
    expect(all.news().map(({ topic }) => topic)).toEqual(['ha/x/device/labwire-lab_a-cryostat/config']);
  });

  test('is heard on its own birth topic too, with another prefix of discovery', async () => {
    const all = setup({ homeAssistant: { prefix: 'ha/x' } });
    await told(all);
    all.news();
    expect([...all.client().subscribed.keys()]).toEqual(
      expect.arrayContaining(['ha/x/status', 'homeassistant/status']),
    );
    all.client().receive('homeassistant/status', 'online');
    await all.parts.clock.advance(2000);
    await turn();
    expect(all.news().map(({ topic }) => topic)).toEqual(['ha/x/device/labwire-lab_a-cryostat/config']);
  });

  test('a broker that answers no subscription holds it up for three seconds at most', async () => {
    const all = setup({ homeAssistant: { prefix: 'homeassistant' } });
    all.client().subscribe = () => {};
    all.client().prompt = true;
    all.client().accept();
    await turn();
    await all.parts.clock.advance(2999);
    await turn();
    expect(toHomeAssistant(all.news())).toEqual([]);
    await all.parts.clock.advance(1);
    await turn();
    expect(toHomeAssistant(all.news())).toHaveLength(1);
  });

  test('is told to forget all, as the last thing, where it is to be told no more', async () => {
    const all = setup({ homeAssistant: { prefix: 'homeassistant' } });
    await told(all);
    all.sink.withdraw?.();
    all.parts.state.set(['cryostat', 'info'], { again: true });
    await all.sink.stop(1000);
    expect(toHomeAssistant(all.news()).map(({ topic, payload, retain }) => [topic, payload, retain])).toEqual([
      [topicOf('cryostat'), '', true],
    ]);
    expect(all.parts.clock.pending).toBe(0);
  });

  test('is told so too before the broker has said what it holds', async () => {
    const all = setup({ homeAssistant: { prefix: 'homeassistant' } });
    all.client().prompt = true;
    all.client().accept();
    all.client().receive(topicOf('old'), JSON.stringify(discovery(description({ device: 'old' }), topics)), {
      retain: true,
    });
    all.sink.withdraw?.();
    await all.sink.stop(1000);
    expect(toHomeAssistant(all.news()).map(({ topic, payload }) => [topic, payload])).toEqual([
      [topicOf('old'), ''],
      [topicOf('cryostat'), ''],
    ]);
  });

  test('nothing of it waits after a stop', async () => {
    const all = setup({ homeAssistant: { prefix: 'homeassistant' } });
    all.client().prompt = true;
    all.client().accept();
    await turn();
    await all.sink.stop(1000);
    expect(all.parts.clock.pending).toBe(0);
  });
});
