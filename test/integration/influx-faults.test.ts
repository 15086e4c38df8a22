import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type InfluxSinkOptions, influxSink, type Sink } from '../../src/sinks/index.ts';
import { description, event, fakeParts, sample, until } from '../sinks/parts.ts';
import { type Fault, FaultProxy } from './fault-proxy.ts';
import { type Influx, startInflux } from './services.ts';

let server: Influx;
let proxy: FaultProxy;
let parts: ReturnType<typeof fakeParts>;
let sink: Sink;
let database: string;
let databases = 0;
let recorded: number;

beforeAll(async () => {
  server = await startInflux();
});
afterAll(() => server.stop());
beforeEach(async () => {
  proxy = new FaultProxy(server.url);
  await proxy.start();
  parts = fakeParts();
  database = `lab${++databases}`;
  recorded = 0;
});
afterEach(async () => {
  const stopped = sink.stop(500);
  await parts.clock.advance(500);
  await stopped;
  await proxy.stop();
});

function start(options: Partial<InfluxSinkOptions> = {}): void {
  sink = influxSink({ name: 'influx', url: proxy.url, gateway: 'lab_a', database, ...options }, parts);
  sink.start();
}

const source = description();
/** µs. A database with a retention takes no point that is older: this one has the clock of the machine. */
const BEGIN = Date.now() * 1000;

/** Good points, each with the next number and at a time of its own. */
function record(count: number, of = source): void {
  for (let i = 0; i < count; i++) parts.journal.append(sample({ t1: ++recorded }, of, BEGIN + recorded));
}

/** All points that the database has of the good ones. */
async function stored(): Promise<{ count: number; sum: number }> {
  const [row] = await server.query('SELECT count(t1), sum(t1) FROM lakeshore_218', database);
  return { count: Number(row?.count), sum: Number(row?.sum) };
}

const all = (): { count: number; sum: number } => ({ count: recorded, sum: (recorded * (recorded + 1)) / 2 });

/** Lets the clock go on, but for the real server, which takes its own time: it must not seem to hang. */
async function advance(): Promise<void> {
  if (proxy.onTheWay.size === 0) await parts.clock.advance(500);
}

/** Lets the clock go on until all is written. */
async function settled(): Promise<void> {
  await until(async () => {
    await advance();
    return sink.status.lag === 0;
  });
}

const levels = (): string[] => parts.log.lines.map((line) => line.split(' ')[0] ?? '');
const said = (level: string): string => parts.log.lines.find((line) => line.startsWith(level)) ?? '';

describe('the InfluxDB sink through a faulty road to a real InfluxDB', () => {
  test('400 partial write: the bad points are set aside with their reason, the good ones are stored once', async () => {
    start();
    record(1);
    await settled();
    const oven = description({ device: 'oven', measurement: 'lakeshore_218' });
    for (let i = 0; i < 3000; i++) {
      record(1);
      if (i % 10 === 0) parts.journal.append(sample({ t1: 'hot' }, oven, BEGIN + recorded));
    }
    await settled();
    expect(await stored()).toEqual(all());
    const { status } = sink;
    expect(status).toMatchObject({ connected: true, delivered: 3301, dropped: 300 });
    expect(status.deadLetters.count).toBe(300);
    expect(status.deadLetters.last.at(-1)).toMatchObject({
      reason: expect.stringContaining('field type conflict: input field "t1"'),
      text: expect.stringMatching(/^lakeshore_218,device=oven,.* t1="hot",t1_quality=0i \d{19}$/),
    });
    expect(levels()).toEqual(['info', 'error']);
    expect(proxy.requests.length).toBeLessThan(60);
  });

  test('400 partial write in the backlog holds up neither the rest of it nor what is live', async () => {
    parts.journal.offset('influx');
    for (let i = 0; i < 200; i++) {
      const device = description({ device: `d${i}` });
      record(1, device);
      parts.journal.append(sample({ t1: 'bad' }, device, BEGIN + i));
    }
    start();
    await until(() => proxy.requests.length > 20);
    // In the midst of the search.
    proxy.held = ({ body }) => !body.includes(' live=');
    parts.journal.append(sample({ live: 1 }, source, BEGIN));
    await parts.clock.advance(1000);
    await until(async () => (await server.query('SELECT live FROM lakeshore_218', database)).length === 1);
    expect(sink.status.lag).toBeGreaterThan(1);
    proxy.release();
    await settled();
    expect(await stored()).toEqual(all());
    expect(sink.status).toMatchObject({ dropped: 200, delivered: 401 });
  });

  test.each([401, 403])('%i: it pauses for 30 s, says what to check, and loses nothing', async (status) => {
    proxy.next({ status, body: '{"error":"authorization failed"}' });
    start();
    record(5);
    await until(() => sink.status.retries === 1);
    expect(said('error')).toMatch(/authorization failed; check user, password or token/);
    record(5);
    await parts.clock.advance(29_900);
    expect(proxy.requests).toHaveLength(1);
    await settled();
    expect(await stored()).toEqual(all());
    expect(levels()).toEqual(['error', 'info']);
  });

  test('404: the database is made, with its retention, and again when somebody drops it', async () => {
    start({ retention: 30 * 86_400 });
    record(5);
    await settled();
    expect(await server.query(`SHOW RETENTION POLICIES ON "${database}"`)).toEqual([
      expect.objectContaining({ name: 'labwire', duration: '720h0m0s', default: true }),
    ]);
    expect(sink.status.retries).toBe(0);
    expect(levels()).toEqual(['info']);
    await server.query(`DROP DATABASE "${database}"`);
    recorded = 0;
    record(3);
    await settled();
    expect(await stored()).toEqual(all());
    expect(sink.status).toMatchObject({ retries: 0, dropped: 0, connected: true });
  });

  test('a database that somebody made before keeps its retention, and that is said once', async () => {
    await server.query(`CREATE DATABASE "${database}" WITH DURATION 50h NAME "own"`);
    start({ retention: 30 * 86_400 });
    record(1);
    await settled();
    await until(() => parts.log.lines.length === 2);
    expect(said('warn')).toMatch(/keeps its points for 180000 s, not for 2592000 s; alter its policy by hand$/);
    const policies = await server.query(`SHOW RETENTION POLICIES ON "${database}"`);
    expect(policies.map(({ name, default: isDefault }) => [name, isDefault])).toEqual([['own', true]]);
  });

  test('404 with create: false: it says so, and writes when the database is there', async () => {
    start({ create: false });
    record(5);
    await until(() => sink.status.retries === 1);
    expect(said('error')).toMatch(/database not found: "lab\d+"; create it/);
    expect(proxy.requests.some(({ path }) => path.startsWith('/query'))).toBe(false);
    await server.query(`CREATE DATABASE "${database}"`);
    await settled();
    expect(await stored()).toEqual(all());
  });

  test('413: the batch is halved until it passes', async () => {
    proxy.fault = ({ body }) => (body.length > 20_000 ? { status: 413, body: '<html>too large</html>' } : undefined);
    start();
    record(2000);
    await settled();
    expect(await stored()).toEqual(all());
    expect(sink.status).toMatchObject({ dropped: 0, retries: 0, delivered: 2000 });
    const refused = proxy.requests.filter(({ body }) => body.length > 20_000).length;
    record(2000);
    await settled();
    expect(proxy.requests.filter(({ body }) => body.length > 20_000)).toHaveLength(refused);
    expect(await stored()).toEqual(all());
  });

  test.each([
    ['seconds', '7', 7000],
    ['a date', new Date(1_700_000_007_000).toUTCString(), 7000],
    ['a century', '3155760000', 600_000],
  ])('429 with Retry-After as %s: it waits so long', async (_, header, expected) => {
    proxy.next({ status: 429, headers: { 'retry-after': header } });
    start();
    record(5);
    await until(() => sink.status.retries === 1);
    for (let share = 1; share <= 95; share++) {
      await parts.clock.advance(expected / 100);
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(proxy.requests).toHaveLength(1);
    }
    await parts.clock.advance(expected / 20 + 1);
    await until(() => proxy.requests.length > 1);
    await settled();
    expect(await stored()).toEqual(all());
  });

  test.each<[string, Fault, number]>([
    ['500', { status: 500, body: '{"error":"engine is closed"}' }, 1],
    ['503', { status: 503, headers: { 'retry-after': '1' } }, 1],
    ['half a response', 'half', 1],
    ['no response', 'never', 1],
    ['a broken connection', 'cut', 1],
    ['503, five times', { status: 503 }, 5],
  ])('%s: it tries again, and every point is there once', async (_, fault, times) => {
    proxy.next(...Array.from({ length: times }, () => fault));
    start();
    record(50);
    parts.journal.append(event());
    parts.journal.append(event());
    parts.journal.append({ kind: 'description', sequence: 0, time: BEGIN, source });
    await settled();
    expect(await stored()).toEqual(all());
    expect(await server.query('SELECT count(title) FROM labwire_events', database)).toMatchObject([{ count: 2 }]);
    expect(await server.query('SELECT count(unit) FROM labwire_channels', database)).toMatchObject([{ count: 3 }]);
    expect(sink.status).toMatchObject({ retries: times, dropped: 0, connected: true, lastError: null });
    expect(levels()).toEqual(['warn', 'info']);
  });

  test.each<[string, Fault]>([
    [
      '400 in words that are not of InfluxDB',
      { status: 400, body: '<html>The plain HTTP request was sent to HTTPS port</html>' },
    ],
    ['400 for the whole request', { status: 400, body: '{"error":"database is required"}' }],
    ['404 of another server', { status: 404, body: 'Not found' }],
    ['405', { status: 405 }],
    ['a redirection', { status: 301, headers: { location: 'https://elsewhere/' } }],
  ])('%s: no point is given up', async (_, fault) => {
    proxy.next(fault);
    start();
    record(50);
    await until(() => sink.status.retries === 1);
    expect(said('error')).toMatch(/check the url/);
    await settled();
    expect(await stored()).toEqual(all());
    expect(sink.status.dropped).toBe(0);
  });
});
