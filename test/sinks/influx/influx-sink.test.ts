import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { geometricDelay, LabwireError } from '../../../src/base/index.ts';
import { bad } from '../../../src/instrument/index.ts';
import type { Sink } from '../../../src/sinks/index.ts';
import { type InfluxSinkOptions, influxSink } from '../../../src/sinks/influx/index.ts';
import { fakeParts, sample, until } from '../parts.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Request {
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly lines: string[];
}

/** Status 204 is success; a function answers by itself, or never. */
type Reply = { status: number; body?: string; headers?: Record<string, string> } | ((response: ServerResponse) => void);

const OK: Reply = { status: 204 };

class ScriptedServer {
  readonly requests: Request[] = [];
  /** Lines that were stored. */
  readonly stored: string[] = [];
  url = '';
  answer: (request: Request) => Reply = () => OK;

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        const url = new URL(request.url ?? '', 'http://localhost');
        const given = { url, headers: request.headers, lines: body.split('\n') };
        this.requests.push(given);
        const reply = this.answer(given);
        if (typeof reply === 'function') return reply(response);
        if (reply.status === 204) this.stored.push(...given.lines);
        response.writeHead(reply.status, reply.headers).end(reply.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    this.url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    ends.push(
      () =>
        new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        }),
    );
  }
}

async function setup(options: Partial<InfluxSinkOptions> = {}): Promise<{
  server: ScriptedServer;
  sink: Sink;
  parts: ReturnType<typeof fakeParts>;
  record: (...values: number[]) => void;
  values: () => number[];
}> {
  const server = new ScriptedServer();
  await server.start();
  const parts = fakeParts();
  const sink = influxSink({ name: 'influx', url: server.url, gateway: 'lab_a', database: 'lab', ...options }, parts);
  sink.start();
  ends.push(async () => {
    const stopped = sink.stop(1000);
    await parts.clock.advance(1000);
    await stopped;
  });
  return {
    server,
    sink,
    parts,
    record: (...values) => {
      for (const value of values) parts.journal.append(sample({ t1: value }));
    },
    values: () => server.stored.map((line) => Number(/ t1=([^,]*),/.exec(line)?.[1])),
  };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe('the InfluxDB sink', () => {
  test('writes nanoseconds to the database, and moves its offset when the server has it', async () => {
    const { server, sink, record } = await setup({ username: 'lab', password: 'secret' });
    record(4.2);
    await until(() => sink.status.lag === 0);
    const [request] = server.requests;
    expect(request?.url.pathname).toBe('/write');
    expect(Object.fromEntries(request?.url.searchParams ?? [])).toEqual({ db: 'lab', precision: 'n' });
    expect(request?.headers.authorization).toBe(`Basic ${Buffer.from('lab:secret').toString('base64')}`);
    expect(request?.lines).toEqual([
      'lakeshore_218,device=cryostat,gateway=lab_a,model=lakeshore-218 t1=4.2,t1_quality=0i 1795491600123456000',
    ]);
    expect(sink.status).toMatchObject({ connected: true, delivered: 1, dropped: 0, lastError: null });
  });

  test('InfluxDB 2 and 3 get the token, the bucket as database, and the organisation', async () => {
    const server = new ScriptedServer();
    await server.start();
    const parts = fakeParts();
    const sink = influxSink(
      { name: 'influx', url: server.url, gateway: 'lab_a', token: 'T0KEN', org: 'physics', bucket: 'cold' },
      parts,
    );
    sink.start();
    parts.journal.append(sample({ t1: 1 }));
    await until(() => sink.status.lag === 0);
    expect(server.requests[0]?.headers.authorization).toBe('Token T0KEN');
    expect(Object.fromEntries(server.requests[0]?.url.searchParams ?? [])).toMatchObject({
      db: 'cold',
      org: 'physics',
    });
    await sink.stop(1000);
  });

  test('writes at once after a rest, then at most once a second, or when a batch is full', async () => {
    const { server, parts, sink, record } = await setup();
    record(1);
    await until(() => sink.status.lag === 0);
    record(2, 3);
    await parts.clock.advance(999);
    expect(server.requests).toHaveLength(1);
    await parts.clock.advance(1);
    await until(() => sink.status.lag === 0);
    expect(server.requests).toHaveLength(2);
    record(...numbers(5000));
    await until(() => sink.status.lag === 0);
    expect(server.requests[2]?.lines).toHaveLength(5000);
  });

  test('tries for ever while the server is broken, with growing pauses, says so once, and loses nothing', async () => {
    const { server, sink, parts, record, values } = await setup();
    server.answer = () => ({ status: 503 });
    record(1);
    for (let i = 1; i <= 9; i++) {
      await until(() => server.requests.length === i && sink.status.retries === i);
      expect(parts.journal.offset('influx')).toBe(0);
      if (i === 9) server.answer = () => OK;
      await parts.clock.advance(geometricDelay(i, 500, 30_000, 6));
    }
    await until(() => sink.status.lag === 0);
    expect(values()).toEqual([1]);
    expect(parts.log.lines.map((line) => line.replace(/127.*?:\d+/, 'X'))).toEqual([
      'warn InfluxDB at http://X takes nothing: Service Unavailable (SINK_UNREACHABLE)',
      'info Writing to InfluxDB at http://X',
    ]);
    expect(sink.status).toMatchObject({ connected: true, lastError: null, dropped: 0 });
  });

  test('waits as long as the server asks', async () => {
    const { server, sink, parts, record } = await setup();
    server.answer = () => ({ status: 429, headers: { 'Retry-After': '7' } });
    record(1);
    await until(() => sink.status.retries === 1);
    server.answer = () => OK;
    await parts.clock.advance(6900);
    expect(server.requests).toHaveLength(1);
    await parts.clock.advance(200);
    await until(() => sink.status.lag === 0);
  });

  test.each<[string, Reply]>([
    ['never answers', () => {}],
    [
      'answers half',
      (response) => {
        response.writeHead(400, { 'Content-Length': '100' }).write('{"err');
        response.destroy();
      },
    ],
    ['breaks the connection', (response) => response.destroy()],
  ])('a server that %s is tried again', async (_, reply) => {
    const { server, sink, parts, record, values } = await setup();
    server.answer = () => reply;
    record(1);
    await until(() => server.requests.length === 1);
    await until(async () => {
      await parts.clock.advance(100);
      return sink.status.retries === 1;
    });
    expect(parts.clock.monotonic()).toBeLessThanOrEqual(10_200);
    server.answer = () => OK;
    await parts.clock.advance(1000);
    await until(() => sink.status.lag === 0);
    expect(values()).toEqual([1]);
  });

  test('finds the points that the server refuses, leaves them out, and says its words once', async () => {
    const { server, sink, parts, record, values } = await setup();
    const refused = /t1=(17|18|400),/;
    server.answer = ({ lines }) => {
      const good = lines.filter((line) => !refused.test(line));
      if (good.length === lines.length) return OK;
      for (const line of good) if (!server.stored.includes(line)) server.stored.push(line);
      return { status: 400, body: '{"error":"partial write: field type conflict: input field \\"t1\\" dropped=3"}' };
    };
    record(...numbers(500));
    await until(() => sink.status.lag === 0);
    expect([...new Set(values())].sort((a, b) => a - b)).toEqual(
      numbers(500).filter((n) => ![17, 18, 400].includes(n)),
    );
    expect(sink.status).toMatchObject({ delivered: 500, dropped: 3, connected: true });
    expect(sink.status.lastError).toContain('field type conflict: input field "t1"');
    expect(parts.log.lines.filter((line) => line.startsWith('error'))).toEqual([
      expect.stringMatching(/database lab: partial write: field type conflict.*such points are left out$/),
    ]);
    expect(server.requests.length).toBeLessThan(60);
  });

  test('does not search where the server says that all were dropped', async () => {
    const { server, sink, record } = await setup();
    server.answer = () => ({
      status: 400,
      body: '{"error":"partial write: points beyond retention policy dropped=1"}',
    });
    record(1);
    await until(() => sink.status.lag === 0);
    server.answer = ({ lines }) => ({
      status: 400,
      body: `{"error":"partial write: whatever dropped=${lines.length}"}`,
    });
    record(...numbers(5000));
    await until(() => sink.status.lag === 0);
    expect(server.requests).toHaveLength(2);
    expect(sink.status.dropped).toBe(5001);
  });

  test.each([
    'partial write: field type conflict: input field \\"bucket\\" on measurement \\"rain\\" is type string dropped=1',
    'failure writing points to database: partial write: field type conflict: input field \\"organization\\" dropped=1',
    "unable to parse 'rain bucket=database is required': invalid number",
  ])('passes over a point that is refused in words that it brought with it: %s', async (said) => {
    const { server, sink, record, values } = await setup();
    server.answer = ({ lines }) =>
      lines.some((line) => line.includes(' t1=2,')) ? { status: 400, body: `{"error":"${said}"}` } : OK;
    record(1, 2, 3);
    await until(() => sink.status.lag === 0);
    expect(new Set(values())).toEqual(new Set([1, 3]));
    expect(sink.status).toMatchObject({ connected: true, dropped: 1 });
  });

  test.each([
    'database is required',
    'retention policy not found: short',
    'invalid precision \\"x\\" (use n, u, ms, s, m or h)',
    'bucket \\"cold\\" not found',
    'organization name \\"physics\\" not found',
    'no org/bucket destination provided',
  ])('drops nothing where the request itself is wrong: %s', async (said) => {
    const { server, sink, record } = await setup();
    server.answer = () => ({ status: 400, body: `{"error":"${said}"}` });
    record(1);
    await until(() => sink.status.retries === 1);
    expect(sink.status).toMatchObject({ connected: false, dropped: 0, lag: 1 });
  });

  test('halves what is too large, and keeps to the smaller size', async () => {
    const { server, sink, parts, record, values } = await setup();
    server.answer = ({ lines }) => (lines.length > 1300 ? { status: 413 } : OK);
    record(...numbers(5000));
    await until(() => sink.status.lag === 0);
    expect(values()).toEqual(numbers(5000));
    const before = server.requests.length;
    record(...numbers(2500));
    await until(async () => {
      await parts.clock.advance(100);
      return sink.status.lag === 0;
    });
    const sizes = server.requests.slice(before).map(({ lines }) => lines.length);
    expect(sizes).toHaveLength(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1300);
    expect(sink.status.dropped).toBe(0);
  });

  test('sets a point aside that is too large by itself, and writes all others in batches as before', async () => {
    const { server, sink, parts, record, values } = await setup();
    const LIMIT = 400_000;
    server.answer = ({ lines }) => (lines.join('\n').length > LIMIT ? { status: 413 } : OK);
    record(1, 2, 3);
    parts.journal.append(sample({ t1: -1, text: 'x'.repeat(LIMIT) }));
    record(4, 5, 6);
    await until(() => sink.status.lag === 0);
    expect(values()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(sink.status).toMatchObject({ dropped: 1, deadLetters: { count: 1 } });
    const before = server.requests.length;
    record(...numbers(3000));
    await until(async () => {
      await parts.clock.advance(100);
      return sink.status.lag === 0;
    });
    expect(server.requests.length - before).toBeLessThan(5);
  });

  test.each([401, 403])('pauses for 30 s when it is not let in (%i), and says so', async (status) => {
    const { server, sink, parts, record } = await setup();
    server.answer = () => ({ status, body: '{"error":"authorization failed"}' });
    record(1);
    await until(() => sink.status.retries === 1);
    expect(parts.log.lines).toEqual([
      expect.stringMatching(/^error .*authorization failed; check user, password or token.*SINK_REFUSED/),
    ]);
    server.answer = () => OK;
    await parts.clock.advance(29_999);
    expect(server.requests).toHaveLength(1);
    await parts.clock.advance(1);
    await until(() => sink.status.lag === 0);
  });

  test('makes the database when it is missing', async () => {
    const { server, sink, record, values } = await setup({ database: 'my "lab"' });
    let made = false;
    server.answer = ({ url, lines }) => {
      if (url.pathname === '/query') {
        expect(new URLSearchParams(lines[0]).get('q')).toBe('CREATE DATABASE "my \\"lab\\""');
        made = true;
        return { status: 200, body: '{"results":[{}]}' };
      }
      return made ? OK : { status: 404, body: '{"error":"database not found"}' };
    };
    record(1);
    await until(() => sink.status.lag === 0);
    expect(values()).toEqual([1]);
    expect(sink.status.retries).toBe(0);
  });

  test('says so when the database is missing and may not be made', async () => {
    const { server, sink, parts, record } = await setup();
    server.answer = ({ url }) =>
      url.pathname === '/query' ? { status: 403 } : { status: 404, body: '{"error":"database not found: \\"lab\\""}' };
    record(1);
    await until(() => sink.status.retries === 1);
    expect(parts.log.lines[0]).toMatch(/^error .*database not found: "lab"; create it, or permit/);
  });

  test('a record without any point is passed over', async () => {
    const { server, sink, parts } = await setup();
    parts.journal.append(sample({}));
    await until(() => sink.status.lag === 0);
    expect(server.requests).toHaveLength(0);
  });

  test('a stop writes what waits for its turn', async () => {
    const { sink, record, values, parts } = await setup();
    record(1);
    await until(() => sink.status.lag === 0);
    parts.journal.append(sample({ t1: 2, t2: bad('stale') }));
    await sink.stop(2000);
    expect(values()).toEqual([1, 2]);
    expect(sink.status).toMatchObject({ lag: 0, connected: false });
    expect(parts.clock.pending).toBe(0);
  });

  test('a stop ends at its limit when the server never answers', async () => {
    const { server, sink, record, parts } = await setup();
    server.answer = () => () => {};
    record(1);
    await until(() => server.requests.length === 1);
    let stopped = false;
    void sink.stop(2000).then(() => {
      stopped = true;
    });
    await parts.clock.advance(1700);
    expect(stopped).toBe(false);
    await parts.clock.advance(300);
    expect(stopped).toBe(true);
    expect(sink.status.lag).toBe(1);
    expect(parts.clock.pending).toBe(0);
  });

  test('a stop in a pause tries once more, and then ends', async () => {
    const { server, sink, record, parts } = await setup();
    server.answer = () => ({ status: 500 });
    record(1);
    await until(() => sink.status.retries === 1);
    await sink.stop(2000);
    expect(server.requests).toHaveLength(2);
    expect(parts.clock.pending).toBe(0);
  });

  test('what is live does not wait for a backlog that the server is slow to take', async () => {
    const { server, sink, record, values, parts } = await setup();
    server.answer = () => ({ status: 503 });
    record(...numbers(9000));
    await until(() => sink.status.retries === 1);
    // After one batch of it the backlog hangs.
    const hanging: ServerResponse[] = [];
    server.answer = ({ lines }) =>
      server.stored.length > 0 && lines.some((line) => !line.includes('t1=-')) ? (reply) => hanging.push(reply) : OK;
    await parts.clock.advance(1000);
    await until(() => hanging.length === 2);
    record(-1);
    await parts.clock.advance(1000);
    await until(() => values().includes(-1));
    expect(sink.status.lag).toBeGreaterThan(5000);
    expect(parts.journal.delivered('influx')).toBe(2000);
    for (const reply of hanging) reply.writeHead(204).end();
    server.answer = () => OK;
    await until(() => sink.status.lag === 0);
    expect(parts.journal.delivered('influx')).toBe(9001);
    expect(sink.status).toMatchObject({ delivered: 9001, retries: 1 });
  });

  test('live records that are too many become backlog, and those after them do not wait', async () => {
    const { server, sink, record, values, parts } = await setup();
    record(1);
    await until(() => sink.status.lag === 0);
    let held: ServerResponse | undefined;
    server.answer = () => (reply) => {
      held ??= reply;
    };
    record(2);
    await parts.clock.advance(1000);
    await until(() => held !== undefined);
    record(...numbers(25_000));
    server.answer = ({ lines }) => (lines.some((line) => line.includes('t1=-7,')) ? OK : () => {});
    held?.writeHead(204).end();
    await until(() => server.requests.length === 4);
    record(-7);
    await parts.clock.advance(1000);
    await until(() => values().includes(-7));
    expect(sink.status.lag).toBeGreaterThan(24_000);
  });

  test('a journal that cannot be read for a while costs nothing', async () => {
    const { server, sink, record, values, parts } = await setup();
    server.answer = () => ({ status: 503 });
    record(1, 2);
    await until(() => sink.status.retries === 1);
    server.answer = () => OK;
    const readable = parts.journal.read.bind(parts.journal);
    let failures = 0;
    parts.journal.read = (...range) => {
      if (failures++ < 2) return Promise.reject(new LabwireError('JOURNAL_FAILED', 'no disk')) as never;
      return readable(...range);
    };
    await until(async () => {
      await parts.clock.advance(500);
      return sink.status.lag === 0;
    });
    expect(values()).toEqual([1, 2]);
    expect(parts.log.lines.filter((line) => line.includes('cannot read on'))).toHaveLength(1);
  });

  test('a batch is bounded by its bytes too, and what is over goes on at once', async () => {
    const { server, sink, parts } = await setup();
    const text = 'x'.repeat(10_000);
    for (let i = 0; i < 250; i++) parts.journal.append(sample({ t1: i, text }));
    await until(() => sink.status.lag === 0);
    expect(server.stored).toHaveLength(250);
    const sizes = server.requests.map(({ lines }) => lines.join('\n').length);
    expect(Math.max(...sizes)).toBeLessThan(1_000_000);
    expect(sizes.length).toBe(3);
    expect(parts.clock.monotonic()).toBe(0);
  });
});
