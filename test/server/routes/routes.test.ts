import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LabwireError } from '../../../src/base/index.ts';
import { bad } from '../../../src/instrument/index.ts';
import { type EventQuery, type HistoryQuery, MemoryJournal } from '../../../src/journal/index.ts';
import { HttpServer, type RouteViews } from '../../../src/server/index.ts';
import { description, event, sample } from '../../sinks/parts.ts';
import { readExposition } from '../exposition.ts';
import { expectDocumented, type OpenApi } from './documented.ts';
import { allViews, cryostat } from './views.ts';

let server: HttpServer;
let journal: MemoryJournal;
let document: OpenApi;

beforeEach(async () => {
  journal = new MemoryJournal();
  await serve(allViews(journal));
  document = (await ask('/api/openapi.json')).body;
});
afterEach(() => server.stop());

async function serve(views: RouteViews): Promise<void> {
  server = new HttpServer(views);
  await server.start({ host: '127.0.0.1', port: 0 });
}

async function ask(path: string, init: RequestInit = {}) {
  const response = await fetch(`${server.address}${path}`, init);
  const text = await response.text();
  const json = response.headers.get('content-type')?.startsWith('application/json');
  return { status: response.status, body: json ? JSON.parse(text) : text, headers: response.headers };
}

/** Its answer, which must be as the document says of `documented`. */
async function told(path: string, documented = path.split('?')[0] ?? path, status = 200) {
  const answer = await ask(path);
  expect(answer.status).toBe(status);
  expectDocumented(document, documented, status, answer.body);
  return answer.body;
}

const NOW = Date.now() * 1000;
const iso = (at: number): string => new Date(at / 1000).toISOString();

describe('what the gateway consists of', () => {
  it('is told as documented', async () => {
    expect((await told('/api/v1/devices')).devices.map(({ id }: { id: string }) => id)).toEqual(['cryostat']);
    expect(await told('/api/v1/devices/cryostat', '/api/v1/devices/{id}')).toEqual(cryostat);
    expect((await told('/api/v1/ports')).ports[0].usedBy).toEqual(['cryostat']);
    expect((await told('/api/v1/models')).models[0].id).toBe('lakeshore-218');
    expect(await told('/api/v1/models/lakeshore-218', '/api/v1/models/{name}')).toMatchObject({ driver: 'lakeshore' });
    expect((await told('/api/v1/sinks')).sinks[0].name).toBe('mqtt');
    expect(await told('/api/v1/info')).toMatchObject({ gateway: 'lab_a', journal: { state: 'ok' } });
  });

  it('names what is like a name that it does not know', async () => {
    const { error } = await told('/api/v1/devices/cryostta', '/api/v1/devices/{id}', 404);
    expect(error).toEqual({
      code: 'NOT_FOUND',
      message: 'There is no device "cryostta" here. Did you mean "cryostat"?',
    });
    await told('/api/v1/models/lakeshor-218', '/api/v1/models/{name}', 404);
  });
});

describe('the health of a server', () => {
  it('is told, and whether it is ready', async () => {
    expect(await told('/healthz')).toEqual({ ok: true, gateway: 'lab_a' });
    expect(await told('/readyz')).toEqual({ ready: true, reasons: [] });
    await server.stop();
    const views = allViews();
    await serve({
      ...views,
      health: () => ({ ok: false }),
      readiness: () => ({ ready: false, reasons: ['It is being started.'] }),
    });
    await told('/healthz', '/healthz', 503);
    expect(await told('/readyz', '/readyz', 503)).toEqual({ ready: false, reasons: ['It is being started.'] });
  });

  it('counts what it answers, for Prometheus', async () => {
    await ask('/api/v1/devices/none');
    await ask('/nowhere');
    const metrics = readExposition((await ask('/metrics')).body);
    const counts = metrics.get('labwire_http_requests_total')?.samples;
    expect(counts).toContainEqual({ labels: { code: '404' }, value: 2 });
    expect(metrics.has('x')).toBe(true);
  });
});

describe('the history of a channel', () => {
  it('is told in buckets as the journal makes them', async () => {
    const source = description();
    const start = Math.floor(NOW / 60e6) * 60e6 - 600e6;
    for (const [second, value] of [1, 3, bad('over_range'), 5].entries())
      journal.append(sample({ t1: value }, source, start + second * 1e6));
    journal.append(sample({ t1: bad('stale') }, source, start + 120e6));
    const path = `/api/v1/history?device=cryostat&channel=t1&from=${iso(start)}&to=${iso(start + 300e6)}&points=5`;
    expect(await told(path)).toEqual({
      device: 'cryostat',
      channel: 't1',
      unit: 'K',
      from: iso(start).replace('Z', '000Z'),
      to: iso(start + 300e6).replace('Z', '000Z'),
      interval: 60,
      buckets: [
        { time: iso(start).replace('Z', '000Z'), min: 1, max: 5, mean: 3, count: 3, uncertain: 0, bad: 1 },
        {
          time: iso(start + 120e6).replace('Z', '000Z'),
          min: null,
          max: null,
          mean: null,
          count: 0,
          uncertain: 0,
          bad: 1,
        },
      ],
    });
  });

  it('is that of the last hour by default, and empty for a channel that has said nothing yet', async () => {
    const { from, to, buckets } = await told('/api/v1/history?device=cryostat&channel=heater');
    expect(Date.parse(to) - Date.parse(from)).toBe(3_600_000);
    expect([Math.abs(Date.parse(to) - Date.now()) < 60_000, buckets]).toEqual([true, []]);
  });

  it('is that of a removed device too, as long as the journal has it', async () => {
    journal.append(sample({ t1: 1 }, description({ device: 'removed' }), NOW - 60e6));
    expect((await told('/api/v1/history?device=removed&channel=t1&from=2h')).buckets).toHaveLength(1);
  });

  it.each([
    ['channel=t1', 400, 'lacks "device"'],
    ['device=cryostat&channel=t1&points=1', 400, 'points must be a whole number from 2 to 10000, is "1"'],
    ['device=cryostat&channel=t1&points=10001', 400, 'from 2 to 10000'],
    ['device=cryostat&channel=t1&points=1e3', 400, 'from 2 to 10000'],
    ['device=cryostat&channel=t1&from=yesterday', 400, 'from must be a time such as 2026-11-24'],
    ['device=cryostat&channel=t1&from=1h&to=2h', 400, 'from must be earlier than to'],
    ['device=cryostat&channel=t1&form=1h', 400, 'unknown key "form"'],
    ['device=cryostat&device=oven&channel=t1', 400, 'device must be'],
    ['device=oven&channel=t1', 404, 'There is no device "oven" here'],
    ['device=cryostat&channel=t9', 404, 'There is no channel of cryostat "t9" here. Did you mean "t1"?'],
    ['device=cryostat&channel=__proto__', 404, 'There is no channel'],
  ])('refuses %s with status %i', async (query, status, message) => {
    const { error } = await told(`/api/v1/history?${query}`, '/api/v1/history', status);
    expect(error.message).toContain(message);
  });

  it('says so when the journal is asked too much, and ends a query whose client has gone', async () => {
    await server.stop();
    let aborted = (): void => {};
    const gone = new Promise<void>((resolve) => {
      aborted = resolve;
    });
    let asksNow = (): void => {};
    const asked = new Promise<void>((resolve) => {
      asksNow = resolve;
    });
    const records = {
      ...journal,
      events: () => Promise.reject(new LabwireError('QUEUE_FULL', 'Too much')),
      history: (_query: HistoryQuery, signal?: AbortSignal) =>
        new Promise<never>((_, reject) => {
          asksNow();
          signal?.addEventListener('abort', () => {
            aborted();
            reject(new LabwireError('ABORTED', 'It was cancelled'));
          });
        }),
    };
    await serve({ ...allViews(), records });
    expect((await told('/api/v1/events', '/api/v1/events', 503)).error.code).toBe('QUEUE_FULL');
    const client = new AbortController();
    const asking = ask('/api/v1/history?device=cryostat&channel=t1', { signal: client.signal });
    void asked.then(() => client.abort());
    await expect(asking).rejects.toThrow();
    await gone;
  });
});

describe('events', () => {
  it('are told newest first, page after page, each once', async () => {
    for (let i = 0; i < 25; i++) journal.append(event({ time: NOW - 3600e6 + Math.floor(i / 3), title: `event ${i}` }));
    const titles: string[] = [];
    for (let next: string | undefined = ''; next !== undefined; ) {
      const page: { events: { title: string }[]; next?: string } = await told(
        `/api/v1/events?limit=10${next && `&after=${next}`}`,
      );
      titles.push(...page.events.map(({ title }) => title));
      next = page.next;
    }
    expect(titles).toEqual(Array.from({ length: 25 }, (_, i) => `event ${24 - i}`));
  });

  it('are those of a device, a severity, a kind and a time', async () => {
    const at = NOW - 3600e6;
    const all = [
      event({ time: at, device: 'oven', severity: 'error', title: 'a' }),
      event({ time: at + 1, device: 'oven', severity: 'info', eventKind: 'port', title: 'b' }),
      event({ time: at + 2, severity: 'error', title: 'c' }),
      event({ time: at + 3600e6, device: 'oven', severity: 'error', title: 'd' }),
    ];
    for (const each of all) journal.append(each);
    const titles = async (query: string): Promise<string> =>
      (await told(`/api/v1/events?${query}`)).events.map(({ title }: { title: string }) => title).join('');
    expect(await titles('')).toBe('dcba');
    expect(await titles('device=oven')).toBe('dba');
    expect(await titles('severity=error&to=30min')).toBe('ca');
    expect(await titles('kind=port')).toBe('b');
    expect(await titles('from=30min')).toBe('d');
  });

  it.each([
    'limit=0',
    'limit=1001',
    'after=1',
    'after=__proto__',
    'severity=fatal',
    'from=1h&to=2h',
    'limit=-1',
    'x=1',
  ])('refuses %s', async (query) => {
    expect((await told(`/api/v1/events?${query}`, '/api/v1/events', 400)).error.code).toBe('REQUEST_INVALID');
  });
});

it('answers whatever stands in a query with a documented status, never with a mistake of its own', async () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('1h', '2026-11-24', 'cryostat', 't1', '-1', '1e99', '__proto__', '[]'),
  );
  const names = fc.constantFrom(
    'device',
    'channel',
    'from',
    'to',
    'points',
    'limit',
    'after',
    'severity',
    'kind',
    '__proto__',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('/api/v1/history', '/api/v1/events', '/api/v1/devices', '/api/v1/ports'),
      fc.array(fc.tuple(names, text), { maxLength: 6 }),
      async (path, pairs) => {
        const { status, body } = await ask(`${path}?${new URLSearchParams(pairs)}`);
        expect(status).toBeLessThan(500);
        expectDocumented(document, path, status, body);
      },
    ),
    { numRuns: 150 },
  );
});

it('asks the journal for no more than its limits', async () => {
  await server.stop();
  const asked: (EventQuery | HistoryQuery)[] = [];
  const records = {
    history: async (query: HistoryQuery) => {
      asked.push(query);
      return { interval: 1, known: true, buckets: [] };
    },
    events: async (query: EventQuery) => {
      asked.push(query);
      return { events: [] };
    },
  };
  await serve({ ...allViews(), records });
  await ask('/api/v1/history?device=a&channel=b&points=10000');
  await ask('/api/v1/events?limit=1000');
  expect(asked).toMatchObject([{ points: 10_000 }, { limit: 1000 }]);
});
