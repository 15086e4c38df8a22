import { describe, expect, test } from 'vitest';
import { mqttSink } from '../../../src/sinks/mqtt/index.ts';
import { description, event, fakeParts, sample } from '../parts.ts';
import { type Sent, setup, turn } from './scripted-client.ts';

const refusal = (code: number, message: string): Error => Object.assign(new Error(message), { code });
const values = (sent: Sent[]): unknown[] => sent.map(({ payload }) => JSON.parse(payload).value);

describe('the MQTT sink', () => {
  test('leaves a last will and says online first', async () => {
    const { client } = setup();
    expect(client().options).toMatchObject({
      protocolVersion: 5,
      clean: true,
      reconnectPeriod: 0,
      queueQoSZero: false,
      will: { topic: 'labwire/lab_a/status', payload: Buffer.from('offline'), qos: 1, retain: true },
    });
    client().accept();
    await turn();
    expect(client().sent[0]).toMatchObject({ topic: 'labwire/lab_a/status', payload: 'online' });
  });

  test('falls back to MQTT 3.1.1 at once when the broker refuses 5, and stays there', async () => {
    const { client, clients, parts } = setup();
    client().refuse(1, 'Unacceptable protocol version');
    expect(clients).toHaveLength(2);
    expect(client().options.protocolVersion).toBe(4);
    client().accept();
    client().break();
    await parts.clock.advance(1000);
    expect(client().options.protocolVersion).toBe(4);
    expect(parts.log.lines[0]).toBe('info Connected to the broker at mqtt://***@broker, MQTT 3.1.1');
  });

  test('the offset follows the acknowledgements in order, whatever order they come in', async () => {
    const { sink, parts, client, news } = setup();
    client().accept();
    await turn();
    news();
    for (let i = 1; i <= 3; i++) parts.journal.append(sample({ t1: i, t2: -i }));
    await turn();
    const [a1, a2, b1, b2, c1, c2] = news();
    const offset = (): number => parts.journal.offset('mqtt');
    b1?.acknowledge();
    b2?.acknowledge();
    a1?.acknowledge();
    expect(offset()).toBe(0);
    a2?.acknowledge();
    expect(offset()).toBe(2);
    c2?.acknowledge();
    c1?.acknowledge();
    expect(offset()).toBe(3);
    expect(sink.status).toMatchObject({ lag: 0, delivered: 3 });
  });

  test.each([
    ['without a limit of the broker', undefined, 256],
    ["the broker's receive maximum", 20, 20],
    ['a receive maximum of one', 1, 1],
  ])('at most a window is in flight: %s', async (_, receiveMaximum, window) => {
    const { client, parts } = setup();
    client().accept(receiveMaximum === undefined ? undefined : { receiveMaximum });
    for (let i = 0; i < 600; i++) parts.journal.append(sample({ t1: i, t2: i, t3: i }));
    await turn();
    expect(client().sent).toHaveLength(window);
    for (const { acknowledge } of client().sent.slice(0, Math.ceil(window / 2))) acknowledge();
    await turn();
    expect(client().sent).toHaveLength(window + Math.ceil(window / 2));
  });

  test('QoS 0, acknowledged within the call, keeps order and offset', async () => {
    const { sink, client, parts, news } = setup({ qos: 0 });
    client().prompt = true;
    client().accept();
    await turn();
    news();
    for (let i = 1; i <= 2000; i++) parts.journal.append(sample({ t1: i, t2: i }));
    await turn();
    const sent = news();
    expect(sent.every(({ qos }) => qos === 0)).toBe(true);
    expect(values(sent)).toEqual(Array.from({ length: 4000 }, (_, i) => (i >> 1) + 1));
    expect(sink.status.lag).toBe(0);
  });

  test('after an outage the newest comes first, then what is new, and beside it the backlog, which is no state', async () => {
    const { sink, client, parts, news } = setup();
    client().accept();
    parts.state.set(['cryostat', 'status'], 'online');
    await turn();
    for (const { acknowledge } of news()) acknowledge();
    client().sent[0]?.acknowledge();
    parts.journal.append(sample({ t1: 1 }));
    await turn();
    const [lost] = news();
    client().break();
    for (let i = 2; i <= 9; i++) parts.journal.append(sample({ t1: i }));
    parts.journal.append(event());
    parts.state.samples = [sample({ t1: 9 })];
    await parts.clock.advance(500);
    client().accept();
    parts.journal.append(sample({ t1: 10 }));
    await turn();
    const sent = news();
    expect(sent[0]).toMatchObject({ topic: 'labwire/lab_a/cryostat/status', payload: 'online' });
    const told = sent.slice(1).map(({ topic, payload }) => [topic.split('/').at(-2), JSON.parse(payload).value]);
    expect(told).toEqual([
      ...[9, 10].map((value) => ['channels', value]),
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((value) => ['backfill', value]),
      ['lab_a', undefined],
    ]);
    expect(sink.status.lag).toBe(11);
    lost?.acknowledge();
    expect(sink.status.lag).toBe(11);
    for (const { acknowledge } of sent.slice(0, 3)) acknowledge();
    // What is live is delivered, but the offset waits for what lies before it.
    expect(parts.journal.offset('mqtt')).toBe(0);
    expect(sink.status.lag).toBe(10);
    for (const { acknowledge } of sent.slice(3)) acknowledge();
    expect(parts.journal.offset('mqtt')).toBe(11);
    expect(sink.status).toMatchObject({ delivered: 11, lag: 0, dropped: 0 });
  });

  test('what the connection took with it is not taken for refused, and becomes backlog', async () => {
    const { sink, client, parts, news } = setup();
    client().accept();
    await turn();
    for (const { acknowledge } of client().sent) acknowledge();
    parts.journal.append(sample({ t1: 1 }));
    await turn();
    for (const { acknowledge } of client().sent.slice(1)) acknowledge(new Error('Connection closed'));
    expect(sink.status).toMatchObject({ lag: 1, dropped: 0 });
    client().break();
    await parts.clock.advance(500);
    client().accept();
    await turn();
    expect(news().map(({ topic }) => topic)).toEqual(['labwire/lab_a/cryostat/backfill/t1']);
  });

  test('a broker that takes no more for now is left alone for a while, and then gets what it did not take', async () => {
    const { sink, client, clients, parts, news } = setup();
    client().accept();
    await turn();
    parts.journal.append(sample({ t1: 1 }));
    await turn();
    client().sent[1]?.acknowledge(refusal(151, 'Publish error: Quota exceeded'));
    await parts.clock.advance(500);
    expect(clients).toHaveLength(2);
    expect(sink.status.lastError).toContain('Quota exceeded');
    client().accept();
    await turn();
    expect(news().map(({ topic }) => topic)).toEqual(['labwire/lab_a/cryostat/backfill/t1']);
    expect(sink.status.dropped).toBe(0);
  });

  test('a broker that lives and acknowledges nothing is left, and tried again; one that is only slow is not', async () => {
    const { sink, client, clients, parts } = setup();
    client().accept();
    for (let i = 0; i < 10; i++) parts.journal.append(sample({ t1: i }));
    await turn();
    for (let i = 0; i < 5; i++) {
      await parts.clock.advance(59_000);
      client().sent[i]?.acknowledge();
    }
    expect(client().broken).toBe(false);
    await parts.clock.advance(120_000);
    expect(clients).toHaveLength(2);
    expect(clients[0]?.broken).toBe(true);
    expect(sink.status).toMatchObject({ connected: false, lastError: expect.stringContaining('nothing for 60 s') });
    await parts.clock.advance(600_000);
    expect(client().broken).toBe(false);
  });

  test('a broker that passes over a message in its acknowledgements gets it over another connection', async () => {
    const { sink, client, clients, parts, news } = setup();
    client().accept();
    await turn();
    parts.journal.append(sample({ t1: 0 }));
    await turn();
    const [, ...unanswered] = client().sent;
    news();
    for (let n = 1; n < 40_000 && !client().broken; ) {
      for (let i = 0; i < 200; i++) parts.journal.append(sample({ t1: n++ }));
      await turn();
      for (const { acknowledge } of news()) acknowledge();
    }
    expect(unanswered).toHaveLength(1);
    expect(client().broken).toBe(true);
    await parts.clock.advance(1000);
    expect(clients).toHaveLength(2);
    expect(sink.status.lastError).toContain('passed over');
    client().accept();
    await turn();
    expect(values(news())[0]).toBe(0);
  });

  test('a record of the backlog of which a part waits for room, behind all that is live, is not taken for passed over', async () => {
    const { client, parts, news } = setup();
    parts.journal.append(sample(Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((id) => [id, 1]))));
    client().accept({ receiveMaximum: 4 });
    await turn();
    expect(news()).toHaveLength(3);
    let last = client().sent[0];
    for (let n = 0; n < 33_000; n++) {
      parts.journal.append(sample({ t1: n }));
      last?.acknowledge();
      await turn();
      [last] = news();
    }
    expect(last?.topic).toContain('/channels/t1');
    for (const { acknowledge } of client().sent.slice(1, 4)) acknowledge();
    last?.acknowledge();
    await turn();
    expect(news().map(({ topic }) => topic.split('/').slice(-2).join('/'))).toEqual(
      ['d', 'e', 'f'].map((id) => `backfill/${id}`),
    );
    expect(client().broken).toBe(false);
  });

  test('a message that is longer than the broker takes is set aside, and holds up nothing', async () => {
    const { sink, client, parts, news } = setup();
    client().prompt = true;
    client().accept({ maximumPacketSize: 400 });
    await turn();
    news();
    parts.journal.append(event({ text: 'x'.repeat(500) }));
    parts.journal.append(sample({ t1: 1 }));
    await turn();
    expect(news().map(({ topic }) => topic)).toEqual(['labwire/lab_a/cryostat/channels/t1']);
    expect(sink.status).toMatchObject({ lag: 0, dropped: 1, deadLetters: { count: 1 } });
    expect(sink.status.deadLetters.last[0]?.text).toContain('event REPLY_TIMEOUT');
  });

  test('the backlog fills a share of the window, and what is live finds room at once', async () => {
    const { client, parts, news } = setup();
    for (let i = 0; i < 3000; i++) parts.journal.append(sample({ t1: i }));
    client().accept({ receiveMaximum: 20 });
    await turn();
    expect(news().map(({ topic }) => topic.split('/').at(-2))).toEqual(Array(10).fill('backfill'));
    parts.journal.append(sample({ t1: 3000 }));
    await turn();
    expect(values(news())).toEqual([3000]);
    for (const { acknowledge } of client().sent) acknowledge();
    await turn();
    expect(values(news())).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  test('an acknowledgement is answered by a message of the backlog also where that has its share already', async () => {
    const { client, parts, news } = setup();
    for (let i = 0; i < 3000; i++) parts.journal.append(sample({ t1: i }));
    client().accept({ receiveMaximum: 20 });
    await turn();
    expect(news()).toHaveLength(10);
    const sent: number[] = [];
    for (let i = 0; i < 8; i++) {
      parts.journal.append(sample({ t1: -i }));
      await turn();
      news()[0]?.acknowledge();
      await turn();
      sent.push(news().length);
    }
    // Up to three quarters of the window: the rest is for what is live alone.
    expect(sent).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
  });

  test('a broker that is far behind gets what is true now, and the rest as backlog', async () => {
    const { client, parts, news } = setup();
    client().accept({ receiveMaximum: 4 });
    await turn();
    client().sent[0]?.acknowledge();
    parts.journal.append(sample({ t1: 0 }));
    for (let i = 1; i <= 10_010; i++) parts.journal.append(sample({ t1: i }));
    parts.state.samples = [sample({ t1: 10_010 })];
    await turn();
    const sent = news().map(({ topic, payload }) => [topic.split('/').at(-2), JSON.parse(payload).value]);
    expect(sent).toEqual([
      ['channels', 10_010],
      ['backfill', 0],
      ['backfill', 1],
    ]);
  });

  test('what is on disk is read again until it can be, and holds up nothing that is live', async () => {
    const { sink, client, parts, news } = setup();
    for (let i = 1; i <= 3; i++) parts.journal.append(sample({ t1: i }));
    const inMemory = parts.journal.read.bind(parts.journal);
    let broken = true;
    parts.journal.read = ((after: number, limit: number, upTo: number) => {
      if (after >= 3) return inMemory(after, limit, upTo);
      if (!broken) return Promise.resolve(inMemory(after, limit, upTo));
      return Promise.reject(new Error('the disk is away'));
    }) as typeof parts.journal.read;
    client().prompt = true;
    client().accept();
    await turn();
    parts.journal.append(sample({ t1: 4 }));
    await turn();
    expect(values(news())).toEqual([4]);
    await parts.clock.advance(5000);
    expect(parts.log.lines.filter((line) => line.startsWith('warn'))).toEqual([
      'warn The backlog for the broker waits: the disk is away',
    ]);
    broken = false;
    await parts.clock.advance(1000);
    await turn();
    expect(values(news())).toEqual([1, 2, 3]);
    expect(sink.status.lag).toBe(0);
  });

  test('of several changes of one topic that wait, the last is sent', async () => {
    const { client, parts, news } = setup();
    client().accept();
    await turn();
    news();
    for (const state of ['connecting', 'online', 'degraded']) parts.state.set(['cryostat', 'health'], { state });
    await turn();
    expect(news().map(({ payload }) => payload)).toEqual(['{"state":"degraded"}']);
  });

  test('a broker that was away when state went is told to forget it', async () => {
    const { client, parts, news } = setup();
    parts.state.set(['old', 'status'], 'online');
    client().accept();
    await turn();
    client().break();
    news();
    parts.state.set(['old', 'status'], undefined);
    await parts.clock.advance(500);
    client().accept();
    await turn();
    expect(news()).toContainEqual(expect.objectContaining({ topic: 'labwire/lab_a/old/status', payload: '' }));
  });

  test('what a broker that is away misses waits in the journal', async () => {
    const { sink, client, parts } = setup();
    client().accept();
    await turn();
    client().break();
    for (let i = 0; i < 5; i++) parts.journal.append(sample({ t1: i }));
    expect(sink.status).toMatchObject({ lag: 5, dropped: 0 });
  });

  test('a stop leaves the backlog in the journal, and waits for what is live', async () => {
    const { sink, client, parts } = setup();
    for (let i = 0; i < 100; i++) parts.journal.append(sample({ t1: i }));
    client().accept({ receiveMaximum: 2 });
    await turn();
    client().prompt = true;
    parts.journal.append(sample({ t1: 100 }));
    const stopped = sink.stop(2000);
    for (const { acknowledge } of client().sent) acknowledge();
    await stopped;
    expect(client().sent.map(({ topic }) => topic.split('/').slice(2).join('/'))).toEqual([
      'status',
      'cryostat/backfill/t1',
      'cryostat/channels/t1',
      'status',
    ]);
    expect(sink.status.lag).toBe(99);
  });

  test('the retained reading of a channel that a device no longer has is cleared, after the last that was said of it', async () => {
    const { client, parts, news } = setup();
    client().prompt = true;
    client().accept();
    await turn();
    news();
    const before = description();
    const after = description({ channels: new Map([...before.channels].filter(([id]) => id !== 't2')) });
    for (const source of [before, after]) {
      parts.journal.append(sample({ t2: 1 }, before));
      parts.journal.append({ kind: 'description', sequence: 0, time: 0, source });
    }
    await turn();
    expect(news().map(({ topic, payload }) => [topic.split('/').at(-1), payload === ''])).toEqual([
      ['t2', false],
      ['t2', false],
      ['t2', true],
    ]);
  });

  test('it is cleared too where the device was described before the connection, and none of those that it still has', async () => {
    const { client, parts, news } = setup();
    client().prompt = true;
    parts.journal.append({ kind: 'description', sequence: 0, time: 0, source: description() });
    client().accept();
    await turn();
    news();
    const channels = new Map([...description().channels].filter(([id]) => id !== 't2'));
    parts.journal.append({ kind: 'description', sequence: 0, time: 0, source: description({ channels }) });
    await turn();
    expect(news().map(({ topic, payload }) => [topic, payload])).toEqual([['labwire/lab_a/cryostat/channels/t2', '']]);
  });

  test('it is cleared too where the description is skipped, since the broker is far behind', async () => {
    const { client, parts, news } = setup();
    client().prompt = true;
    client().accept();
    await turn();
    news();
    const channels = new Map([...description().channels].filter(([id]) => id !== 't2'));
    parts.state.described = [description({ channels })];
    parts.journal.append({ kind: 'description', sequence: 0, time: 0, source: description({ channels }) });
    for (let i = 0; i < 10_001; i++) parts.journal.append(event());
    await turn();
    expect(news().map(({ topic, payload }) => [topic, payload])).toContainEqual([
      'labwire/lab_a/cryostat/channels/t2',
      '',
    ]);
  });

  test('events go out unretained, descriptions of channels not at all', async () => {
    const { sink, client, parts, news } = setup();
    client().prompt = true;
    client().accept();
    await turn();
    news();
    parts.journal.append({ kind: 'description', sequence: 0, time: 0, source: sample({}).source });
    parts.journal.append(event());
    await turn();
    expect(news().map(({ topic }) => topic)).toEqual(['labwire/lab_a/events']);
    expect(sink.status.lag).toBe(0);
  });

  test('tries again after 0.5 s, later and later, up to 15 s; says once that the broker is away and once that it is back', async () => {
    const { sink, client, clients, parts } = setup();
    const at: number[] = [];
    for (let i = 0; i < 8; i++) {
      const before = clients.length;
      client().break();
      while (clients.length === before) await parts.clock.advance(100);
      at.push(parts.clock.monotonic());
    }
    const delays = at.map((time, i) => time - (at[i - 1] ?? 0));
    expect(delays[0]).toBe(500);
    expect(delays.slice(-3)).toEqual([15_000, 15_000, 15_000]);
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
    expect(sink.status).toMatchObject({ connected: false, retries: 8 });
    client().accept();
    expect(sink.status).toMatchObject({ connected: true, lastError: null });
    expect(parts.log.lines).toEqual([
      'warn No connection to the broker at mqtt://***@broker: the broker closed the connection (SINK_UNREACHABLE)',
      'info Connected to the broker at mqtt://***@broker, MQTT 5',
    ]);
  });

  test('a connection that another gateway of the same id takes over is told with its remedy', async () => {
    const { client, parts } = setup();
    client().accept();
    client().break();
    await parts.clock.advance(1000);
    client().accept();
    client().emit('disconnect', { reasonCode: 142 });
    client().break();
    expect(parts.log.lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(/the broker closed the connection; .*: give each gateway a gateway\.id of its own/),
      expect.stringMatching(/another client took over the connection; give each gateway a gateway\.id of its own/),
    ]);
  });

  test('the delays begin anew once a connection has held for 10 s', async () => {
    const { client, clients, parts } = setup();
    for (let i = 0; i < 6; i++) {
      client().break();
      await parts.clock.advance(15_000);
    }
    client().accept();
    await parts.clock.advance(10_000);
    const before = clients.length;
    client().break();
    await parts.clock.advance(500);
    expect(clients).toHaveLength(before + 1);
  });

  test('a refusal of the user is an error with its remedy', () => {
    const { sink, client, parts } = setup();
    client().refuse(134, 'Connection refused: Bad User Name or Password');
    expect(parts.log.lines).toEqual([
      'error The broker at mqtt://***@broker says: Connection refused: Bad User Name or Password; check username and ' +
        'password, and what the broker permits this user (SINK_REFUSED)',
    ]);
    expect(sink.status.lastError).toContain('SINK_REFUSED');
  });

  test('an address that no client understands is a retry, not a crash', async () => {
    const parts = fakeParts();
    const sink = mqttSink({ name: 'mqtt', url: 'nonsense', gateway: 'lab_a' }, parts);
    sink.start();
    expect(sink.status.lastError).toContain('SINK_UNREACHABLE');
    await sink.stop(1000);
    expect(parts.clock.pending).toBe(0);
  });

  test('a stop sends what is there, then offline, then closes', async () => {
    const { sink, client, parts } = setup();
    client().prompt = true;
    client().accept();
    for (let i = 0; i < 1500; i++) parts.journal.append(sample({ t1: i }));
    await sink.stop(2000);
    expect(client().sent).toHaveLength(1 + 1500 + 1);
    expect(client().sent.at(-1)).toMatchObject({ topic: 'labwire/lab_a/status', payload: 'offline' });
    expect(client().ended).toBe(true);
    expect(sink.status).toMatchObject({ lag: 0, connected: false });
    expect(parts.clock.pending).toBe(0);
  });

  test('a stop ends at its limit when the broker acknowledges nothing', async () => {
    const { sink, client, parts } = setup();
    client().accept();
    parts.journal.append(sample({ t1: 1 }));
    let stopped = false;
    void sink.stop(2000).then(() => {
      stopped = true;
    });
    await parts.clock.advance(1999);
    expect(stopped).toBe(false);
    await parts.clock.advance(1);
    expect(stopped).toBe(true);
    expect(client().ended).toBe(true);
    expect(parts.clock.pending).toBe(0);
  });

  test('a stop while it waits to reconnect ends at once and tries no more', async () => {
    const { sink, client, clients, parts } = setup();
    client().break();
    await sink.stop(2000);
    await parts.clock.advance(60_000);
    expect(clients).toHaveLength(1);
  });

  test('a refused message is counted, logged once and passed over; refused state changes nothing in the status', async () => {
    const { sink, client, parts, news } = setup();
    let calls = 0;
    client().accept();
    sink.onStatus(() => calls++);
    await turn();
    parts.state.set(['sinks', 'mqtt'], {});
    parts.journal.append(sample({ t1: 1, t2: 2 }));
    await turn();
    for (const { acknowledge } of news()) acknowledge(refusal(135, 'Publish error: Not authorized'));
    expect(sink.status).toMatchObject({ lag: 0, dropped: 2, lastError: 'Publish error: Not authorized' });
    expect(calls).toBe(1);
    expect(parts.log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
  });

  test('tells its listeners when the connection or the trouble changes, not with each record', async () => {
    const { sink, client, parts } = setup();
    let calls = 0;
    const remove = sink.onStatus(() => calls++);
    client().prompt = true;
    client().accept();
    for (let i = 0; i < 100; i++) parts.journal.append(sample({ t1: i }));
    await turn();
    expect(calls).toBe(1);
    client().break();
    expect(calls).toBe(2);
    remove();
    await sink.stop(100);
    expect(calls).toBe(2);
  });
});
