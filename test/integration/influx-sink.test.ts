import { afterEach, describe, expect, test } from 'vitest';
import { bad, uncertain } from '../../src/instrument/index.ts';
import { type InfluxSinkOptions, influxSink, type Sink } from '../../src/sinks/index.ts';
import { description, event, realParts, sample, type TestParts, TIME, until } from '../sinks/parts.ts';
import { type Influx, type InfluxOptions, startInflux } from './services.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function influx(options?: InfluxOptions): Promise<Influx> {
  const server = await startInflux(options);
  ends.push(() => server.stop());
  return server;
}

function sinkTo(server: Influx, parts: TestParts, more: Partial<InfluxSinkOptions> = {}): Sink {
  const sink = influxSink({ name: 'influx', url: server.url, gateway: 'lab_a', database: 'lab', ...more }, parts);
  ends.push(() => sink.stop(500));
  sink.start();
  return sink;
}

describe('the InfluxDB sink on a real InfluxDB', () => {
  test('makes the database and stores samples, events and descriptions as documented', async () => {
    const server = await influx();
    const parts = realParts();
    const sink = sinkTo(server, parts);
    const awkward = 'it\\\'s "cold", \\ isn\'t it = µ';
    const source = description({ simulated: true, serialNumber: '42', tags: { room: 'a, b=c d\\e' } });
    parts.journal.append({ kind: 'description', sequence: 0, time: TIME, source });
    parts.journal.append(
      sample({ t1: 4, t2: bad('over_range'), t3: uncertain(7.5, 'unstable'), note: awkward, on: true }, source),
    );
    parts.journal.append(event({ device: 'cryostat', text: awkward }));
    await until(() => sink.status.lag === 0);
    expect(sink.status).toMatchObject({ delivered: 3, dropped: 0, lastError: null });
    expect(await server.query('SELECT * FROM lakeshore_218', 'lab')).toEqual([
      {
        ...{ time: TIME * 1000, device: 'cryostat', gateway: 'lab_a', model: 'lakeshore-218', simulated: 'true' },
        ...{ room: 'a, b=c d\\e', t1: 4, t1_quality: 0, t2_quality: 2, t2_reason: 'over_range' },
        ...{ t3: 7.5, t3_quality: 1, t3_reason: 'unstable', note: awkward, note_quality: 0, on: true, on_quality: 0 },
      },
    ]);
    expect(await server.query('SHOW FIELD KEYS FROM lakeshore_218', 'lab')).toContainEqual({
      fieldKey: 't1',
      fieldType: 'float',
    });
    expect(await server.query('SELECT * FROM labwire_events', 'lab')).toEqual([
      {
        ...{ time: TIME * 1000 + 3, gateway: 'lab_a', device: 'cryostat', kind: 'task', severity: 'warning' },
        ...{ title: 'cryostat.acquire failed', text: awkward, code: 'REPLY_TIMEOUT' },
      },
    ]);
    expect(await server.query("SELECT * FROM labwire_channels WHERE channel = 't1'", 'lab')).toEqual([
      {
        ...{ time: TIME * 1000 + 1, gateway: 'lab_a', device: 'cryostat', channel: 't1', unit: 'K' },
        ...{ quantity: 'temperature', scale: 1, offset: 0, serial_number: '42' },
      },
    ]);
  });

  test('loses nothing when the server is killed and comes back in mid-stream', async () => {
    const server = await influx();
    const parts = realParts();
    const sink = sinkTo(server, parts);
    let n = 0;
    const producer = setInterval(() => {
      for (let i = 0; i < 50; i++) parts.journal.append(sample({ t1: ++n }, undefined, TIME + n));
    }, 5);
    await until(() => sink.status.delivered > 0);
    await server.kill('SIGKILL');
    await until(() => sink.status.retries > 0);
    const away = n;
    await until(() => n > away + 1000);
    await server.start();
    await until(() => parts.journal.offset('influx') > away);
    clearInterval(producer);
    await until(() => sink.status.lag === 0);
    expect(await server.query('SELECT count(t1), max(t1) FROM lakeshore_218', 'lab')).toMatchObject([
      { count: n, max: n },
    ]);
    expect(sink.status.dropped).toBe(0);
    // A request that was under way at the kill fails in other words than those after it.
    const levels = parts.log.lines.map((line) => line.split(' ')[0]);
    expect(levels.filter((level, i) => level !== levels[i - 1])).toEqual(['info', 'warn', 'info']);
    const warnings = parts.log.lines.filter((line) => line.startsWith('warn'));
    expect(new Set(warnings.map((line) => line.replace(/\d+/g, '0'))).size).toBe(warnings.length);
  });

  test('a channel whose type the database knows otherwise costs its own points only', async () => {
    const server = await influx();
    const parts = realParts();
    const sink = sinkTo(server, parts);
    parts.journal.append(sample({ t1: 1 }));
    await until(() => sink.status.lag === 0);
    for (let i = 1; i <= 40; i++) parts.journal.append(sample({ t1: i === 7 ? 'seven' : i }, undefined, TIME + i));
    await until(() => sink.status.lag === 0);
    expect(await server.query('SELECT count(t1) FROM lakeshore_218', 'lab')).toMatchObject([{ count: 40 }]);
    expect(sink.status.dropped).toBe(1);
    expect(sink.status.lastError).toContain('field type conflict');
  });

  test.each(['bucket', 'organization'])('so does one that is called %s, as parts of InfluxDB are', async (id) => {
    const server = await influx();
    const parts = realParts();
    const sink = sinkTo(server, parts);
    parts.journal.append(sample({ [id]: 1 }));
    await until(() => sink.status.lag === 0);
    for (let i = 1; i <= 40; i++) parts.journal.append(sample({ [id]: i === 7 ? 'full' : i }, undefined, TIME + i));
    await until(() => sink.status.lag === 0);
    expect(await server.query(`SELECT count("${id}") FROM lakeshore_218`, 'lab')).toMatchObject([{ count: 40 }]);
    expect(sink.status).toMatchObject({ connected: true, dropped: 1, retries: 0 });
  });

  test('a wrong password is said once; with the right one it writes', async () => {
    const user = { name: 'lab', password: 'right' };
    const server = await influx({ user });
    const parts = realParts();
    const sink = sinkTo(server, parts, { username: 'lab', password: 'wrong' });
    parts.journal.append(sample({ t1: 1 }));
    await until(() => sink.status.retries === 1);
    expect(parts.log.lines).toEqual([expect.stringMatching(/^error .*check user, password or token.*SINK_REFUSED/)]);
    expect(parts.log.lines[0]).not.toContain('wrong');
    await sink.stop(500);

    const good = sinkTo(server, parts, { name: 'good', username: 'lab', password: 'right' });
    parts.journal.append(sample({ t1: 2 }));
    await until(() => good.status.lag === 0);
    expect(good.status.connected).toBe(true);
  });
});
