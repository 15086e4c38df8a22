import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LabwireError } from '../../../src/base/index.ts';
import type { Requests } from '../../../src/sinks/index.ts';
import { readTarget } from '../../../src/sinks/mqtt/request.ts';
import { type Setup, setup, turn } from './scripted-client.ts';

/** Does nothing but tell what it was asked for. */
class TestRequests implements Requests {
  readonly asked: unknown[][] = [];
  answer: (...asked: unknown[]) => unknown = () => null;
  readonly #ask = async (...asked: unknown[]): Promise<unknown> => {
    this.asked.push(asked);
    return this.answer(...asked);
  };
  readonly set = (path: string, value: unknown): Promise<unknown> => this.#ask('set', path, value);
  readonly setChannel = (path: string, value: unknown): Promise<unknown> => this.#ask('setChannel', path, value);
  readonly start = (path: string): Promise<unknown> => this.#ask('start', path);
  readonly stop = (path: string): Promise<unknown> => this.#ask('stop', path);
  readonly restart = (path: string): Promise<unknown> => this.#ask('restart', path);
  readonly call = (path: string, named: unknown): Promise<unknown> => this.#ask('call', path, named);
}

const ROOT = 'labwire/lab_a';

async function listening(): Promise<Setup & { readonly requests: TestRequests }> {
  const requests = new TestRequests();
  const all = setup({}, requests);
  all.client().prompt = true;
  all.client().accept();
  await turn();
  all.news();
  return { ...all, requests };
}

const answers = (all: Setup): [string, unknown][] =>
  all.news().map(({ topic, payload }) => [topic, JSON.parse(payload)]);

describe('a request over MQTT', () => {
  test.each([
    ['cryostat/settings/interval/set', '0.5', ['set', 'cryostat.interval', 0.5]],
    ['cryostat/settings/range/set', '"low"', ['set', 'cryostat.range', 'low']],
    ['cryostat/settings/detectors["a%2Fb"].gain/set', ' true ', ['set', 'cryostat.detectors["a/b"].gain', true]],
    ['oven/channels/setpoint/set', '21.5', ['setChannel', 'oven.setpoint', 21.5]],
    ['cryostat/tasks/acquire/set', 'start', ['start', 'cryostat.acquire']],
    ['cryostat/tasks/acquire/set', '"stop"', ['stop', 'cryostat.acquire']],
    ['cryostat/tasks/acquire/set', 'restart', ['restart', 'cryostat.acquire']],
    ['cryostat/commands/zero/call', '{"at":1}', ['call', 'cryostat.zero', { at: 1 }]],
    ['cryostat/commands/zero/call', '', ['call', 'cryostat.zero', {}]],
  ])('%s %s', async (topic, payload, asked) => {
    const all = await listening();
    all.requests.answer = () => 'done';
    all.client().receive(`${ROOT}/${topic}`, payload);
    await turn();
    expect(all.requests.asked).toEqual([asked]);
    expect(answers(all)).toEqual([[`${ROOT}/${topic.replace(/[^/]*$/, 'result')}`, { ok: true, value: 'done' }]]);
  });

  test('is answered on its response topic with its correlation data, not retained', async () => {
    const all = await listening();
    const correlationData = Buffer.from([0, 255, 7]);
    all.client().receive(`${ROOT}/cryostat/settings/interval/set`, '1', {
      properties: { responseTopic: 'clients/me', correlationData },
    });
    await turn();
    expect(all.news()).toEqual([
      expect.objectContaining({
        topic: 'clients/me',
        payload: '{"ok":true,"value":null}',
        retain: false,
        qos: 1,
        properties: { correlationData },
      }),
    ]);
  });

  test.each([`${ROOT}/cryostat/channels/t1`, 'a/+', '#', '$SYS/x', '', 'x'.repeat(2000)])(
    'is not answered at %s, but on its own topic',
    async (responseTopic) => {
      const all = await listening();
      all.client().receive(`${ROOT}/cryostat/settings/interval/set`, '1', { properties: { responseTopic } });
      await turn();
      expect(all.news().map(({ topic }) => topic)).toEqual([`${ROOT}/cryostat/settings/interval/result`]);
    },
  );

  test.each([
    [
      'of an error of labwire its code',
      new LabwireError('VALUE_INVALID', 'takes a number'),
      'VALUE_INVALID',
      'takes a number',
    ],
    ['of any other what it says', new Error('no such relay'), 'INTERNAL', 'no such relay'],
  ])('that fails is answered by %s', async (_, error, code, message) => {
    const all = await listening();
    all.requests.answer = () => {
      throw error;
    };
    all.client().receive(`${ROOT}/cryostat/settings/interval/set`, '1');
    await turn();
    expect(answers(all)[0]?.[1]).toEqual({ ok: false, error: { code, message } });
  });

  test.each([
    ['cryostat/settings/range/set', 'low', 'REQUEST_INVALID', /takes JSON.*a text needs quotes/],
    ['cryostat/settings/range/set', '', 'REQUEST_INVALID', /takes JSON/],
    ['cryostat/settings/range/set', `"${'x'.repeat(65_536)}"`, 'REQUEST_INVALID', /at most 65536 bytes/],
    ['cryostat/tasks/acquire/set', 'halt', 'REQUEST_INVALID', /takes start, stop, restart/],
    ['Cryo.stat/settings/range/set', '1', 'MEMBER_UNKNOWN', /names no member/],
    ['cryostat/settings//set', '1', 'MEMBER_UNKNOWN', /names no member/],
    ['cryostat/settings/%zz/set', '1', 'MEMBER_UNKNOWN', /names no member/],
  ])('that is none is refused: %s %.20s', async (topic, payload, code, message) => {
    const all = await listening();
    all.client().receive(`${ROOT}/${topic}`, payload);
    await turn();
    expect(all.requests.asked).toEqual([]);
    expect(answers(all)[0]?.[1]).toEqual({ ok: false, error: { code, message: expect.stringMatching(message) } });
  });

  test('that is retained is not carried out; that is said once and answered', async () => {
    const all = await listening();
    for (let i = 0; i < 3; i++) all.client().receive(`${ROOT}/cryostat/tasks/acquire/set`, 'stop', { retain: true });
    await turn();
    expect(all.requests.asked).toEqual([]);
    expect(answers(all)[0]?.[1]).toMatchObject({ ok: false, error: { code: 'REQUEST_INVALID' } });
    expect(all.parts.log.lines.filter((line) => line.includes('is retained'))).toHaveLength(1);
  });

  test('that comes twice is carried out once, and answered twice', async () => {
    const all = await listening();
    const topic = `${ROOT}/cryostat/commands/zero/call`;
    const properties = { responseTopic: 'me', correlationData: Buffer.from('1') };
    all.client().receive(topic, '{}', { properties });
    all.client().receive(topic, '{}', { properties });
    await turn();
    expect(all.requests.asked).toHaveLength(1);
    expect(answers(all)).toHaveLength(2);
    all.client().receive(topic, '{"at":2}', { properties });
    all.client().receive(topic, '{}');
    all.client().receive(topic, '{}', { dup: true });
    all.client().receive(topic, '{}');
    await turn();
    expect(all.requests.asked).toHaveLength(4);
    await all.parts.clock.advance(30_000);
    all.client().receive(topic, '{}', { properties });
    await turn();
    expect(all.requests.asked).toHaveLength(5);
  });

  test('of a device that hangs waits for it no longer than 30 s, and holds up no other device', async () => {
    const all = await listening();
    all.requests.answer = (_, path) => (String(path).startsWith('stuck') ? new Promise(() => {}) : 1);
    for (let i = 0; i < 10; i++) all.client().receive(`${ROOT}/stuck/settings/a/set`, String(i));
    all.client().receive(`${ROOT}/oven/settings/a/set`, '1');
    await turn();
    expect(answers(all).map(([topic, answer]) => [topic.split('/')[2], answer])).toEqual([
      ...[8, 9].map(() => ['stuck', { ok: false, error: { code: 'QUEUE_FULL', message: expect.anything() } }]),
      ['oven', { ok: true, value: 1 }],
    ]);
    await all.parts.clock.advance(30_000);
    await turn();
    expect(answers(all).map(([, answer]) => answer)).toEqual(
      Array(8).fill({ ok: false, error: { code: 'TIMEOUT', message: expect.stringContaining('may still be') } }),
    );
    all.client().receive(`${ROOT}/stuck/settings/a/set`, '1');
    await turn();
    expect(answers(all)[0]?.[1]).toMatchObject({ error: { code: 'QUEUE_FULL' } });
  });

  test('that hangs holds up no stop, and leaves nothing that waits', async () => {
    const all = await listening();
    all.requests.answer = () => new Promise(() => {});
    all.client().receive(`${ROOT}/stuck/settings/a/set`, '1');
    await turn();
    await all.sink.stop(1000);
    expect(all.parts.clock.pending).toBe(0);
  });

  test('is ignored where there are more than a hundred at once, and fifty a second after that', async () => {
    const all = await listening();
    const flood = (count: number): void => {
      for (let i = 0; i < count; i++) all.client().receive(`${ROOT}/d${i}/settings/a/set`, '1');
    };
    flood(150);
    await turn();
    expect(all.requests.asked).toHaveLength(100);
    expect(all.parts.log.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
    await all.parts.clock.advance(1000);
    flood(150);
    await turn();
    expect(all.requests.asked).toHaveLength(150);
  });

  test('that is one of a flood is told once, until the flood is over', async () => {
    const all = await listening();
    const flood = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        for (let i = 0; i < 20; i++) all.client().receive(`${ROOT}/d${i}/settings/a/set`, '1');
        await all.parts.clock.advance(20);
      }
    };
    const told = (): number => all.parts.log.lines.filter((line) => line.startsWith('warn')).length;
    await flood(200);
    expect(told()).toBe(1);
    await all.parts.clock.advance(2000);
    await flood(20);
    expect(told()).toBe(2);
  });

  test.each([
    ['what JSON cannot say', () => 1n],
    ['what is endless', () => 'x'.repeat(300_000)],
  ])('whose answer is %s is answered by an error', async (_, answer) => {
    const all = await listening();
    all.requests.answer = answer;
    all.client().receive(`${ROOT}/cryostat/commands/zero/call`, '');
    await turn();
    expect(answers(all)[0]?.[1]).toMatchObject({ ok: false });
  });

  test('is not heard where nobody carries it out', async () => {
    const all = setup();
    all.client().accept();
    expect([...all.client().subscribed.keys()].filter((filter) => /(set|call)$/.test(filter))).toEqual([]);
  });

  test('any topic and any bytes are answered or left alone, never thrown at', async () => {
    const all = await listening();
    const level = fc.oneof(fc.constantFrom('cryostat', 'settings', 'tasks', 'commands', 'set', 'call'), fc.string());
    await fc.assert(
      fc.asyncProperty(fc.array(level, { maxLength: 6 }), fc.uint8Array({ maxLength: 100 }), async (levels, bytes) => {
        all.client().receive([ROOT, ...levels].join('/'), Buffer.from(bytes));
        await turn();
        for (const { topic } of all.news()) expect(topic).toMatch(/\/result$/);
        await all.parts.clock.advance(100);
      }),
    );
  });

  test('a topic names one member of one device', () => {
    expect(readTarget(['a', 'settings', 'b', 'set'])).toEqual({ device: 'a', path: 'a.b', group: 'settings' });
    expect(readTarget(['a', 'settings', 'b', 'call'])).toBeUndefined();
    expect(readTarget(['a', 'commands', 'b', 'set'])).toBeUndefined();
    expect(readTarget(['a', 'settings', 'b', 'set', 'c'])).toBeUndefined();
    expect(readTarget(['a', 'channels', 'b', 'set'])).toEqual({ device: 'a', path: 'a.b', group: 'channels' });
    expect(readTarget(['a', 'channels', 'b'])).toBeUndefined();
    expect(readTarget(['a', 'constructor', 'b', 'set'])).toBeUndefined();
  });
});
