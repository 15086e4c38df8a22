import { execFileSync } from 'node:child_process';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { Pty } from '../../src/index.ts';
import {
  freePort,
  type Received,
  type Service,
  startInflux,
  startMosquitto,
  subscribe,
} from '../integration/services.ts';
import { Arrivals } from './arrivals.ts';
import { countingSite } from './counter.ts';
import { CLI, eventually, Folder, labwire, Running } from './labwire-process.ts';

const LIMIT_MS = 3000;
const folder = new Folder();
let running: Running | undefined;
let broker: Service | undefined;
afterEach(async () => {
  await running?.stop('SIGKILL');
  await broker?.stop();
  running = undefined;
  broker = undefined;
});

const configuration = (url: string, port = '{ emulated: true }'): string => `gateway: { id: lab_a }
mqtt: { url: "${url}" }
server: { port: 0 }
devices:
  cryostat: { model: lakeshore-218, port: ${port} }
`;

const isOffline = ({ topic, payload }: Received): boolean => topic === 'labwire/lab_a/status' && payload === 'offline';

it.each(['SIGINT', 'SIGTERM'] as const)('%s ends it in time with status 0, and offline is retained', async (signal) => {
  broker = await startMosquitto();
  running = labwire('run', '--config', folder.write('run.yaml', configuration(broker.url)));
  const live = await subscribe(broker, 'labwire/#');
  await live.until((messages) => messages.some(({ topic }) => topic.endsWith('/channels/input1')));
  const { status, milliseconds } = await running.stop(signal);
  expect(status).toBe(0);
  expect(milliseconds).toBeLessThan(LIMIT_MS);
  // The last that it says: from then on the broker has everything.
  await live.until((messages) => messages.some(isOffline));
  await live.stop();
  const after = await subscribe(broker, 'labwire/#');
  for (const ending of ['status', 'cryostat/status', 'cryostat/channels/input1'])
    await after.until((messages) => messages.some(({ topic }) => topic === `labwire/lab_a/${ending}`));
  const retained = new Map(after.messages.map(({ topic, payload }) => [topic, payload]));
  expect(retained.get('labwire/lab_a/status')).toBe('offline');
  expect(retained.get('labwire/lab_a/cryostat/status')).toBe('offline');
  expect(JSON.parse(retained.get('labwire/lab_a/cryostat/channels/input1') ?? '')).toMatchObject({
    value: null,
    quality: 'bad',
    reason: 'stale',
  });
  await after.stop();
});

it('ends in time while an instrument does not answer', async () => {
  broker = await startMosquitto();
  const mute = Pty.open();
  running = labwire('run', '--config', folder.write('mute.yaml', configuration(broker.url, `{ path: ${mute.path} }`)));
  const asked = new Promise<void>((resolve) => {
    mute.onData(() => resolve());
  });
  await asked;
  const { status, milliseconds } = await running.stop();
  expect(status).toBe(0);
  expect(milliseconds).toBeLessThan(LIMIT_MS);
  mute.close();
});

it('ends in time while a thread hangs in the operating system, as at a port that does not close', async () => {
  const pipe = folder.file('pipe');
  execFileSync('mkfifo', [pipe]);
  // Waits for somebody to write, for ever.
  const hang = `import { open } from 'node:fs'; process.once('SIGTERM', () => open(${JSON.stringify(pipe)}, 'r', () => {}));`;
  const file = folder.write('thread.yaml', 'server: { port: 0 }\n');
  const hanging = `data:text/javascript,${encodeURIComponent(hang)}`;
  running = new Running(process.execPath, ['--import', hanging, CLI, 'run', '--config', file]);
  await running.until('stderr', /healthz/);
  const { status, milliseconds } = await running.stop();
  expect(status).toBe(0);
  expect(milliseconds).toBeLessThan(LIMIT_MS);
});

it('ends in time while the broker is away', async () => {
  running = labwire(
    'run',
    '--config',
    folder.write('away.yaml', configuration(`mqtt://127.0.0.1:${await freePort()}`)),
  );
  await running.until('stderr', /mqtt/i);
  const { status, milliseconds } = await running.stop();
  expect(status).toBe(0);
  expect(milliseconds).toBeLessThan(LIMIT_MS);
});

it('ends in time when the broker hangs', async () => {
  broker = await startMosquitto();
  running = labwire('run', '--config', folder.write('hangs.yaml', configuration(broker.url)));
  const live = await subscribe(broker, 'labwire/#');
  await live.until((messages) => messages.some(({ topic }) => topic.endsWith('/channels/input1')));
  broker.pause();
  const { status, milliseconds } = await running.stop();
  expect(status).toBe(0);
  expect(milliseconds).toBeLessThan(LIMIT_MS);
  await broker.kill('SIGKILL');
  await live.stop();
});

it('ends in time while broker and database are dead, and loses nothing that was recorded meanwhile', async () => {
  broker = await startMosquitto();
  const influx = await startInflux();
  onTestFinished(() => influx.stop());
  const tty = Pty.open();
  onTestFinished(() => tty.close());
  const more = `mqtt: { url: "${broker.url}" }\ninflux: { url: "${influx.url}", database: lab }`;
  const { file, ledger } = countingSite({ folder, tty: tty.path, rate: 1000, last: 1e6, more });
  const arrivals = await Arrivals.of(broker, 1e6);
  onTestFinished(() => arrivals.stop());
  running = labwire('run', '--config', file);
  await eventually(() => (arrivals.counts[1] ?? 0) > 0);
  await Promise.all([broker.kill(), influx.kill('SIGKILL')]);
  const atOutage = ledger.begun;
  await eventually(() => ledger.begun > atOutage + 2000);
  const { status, milliseconds } = await running.stop();
  expect(status).toBe(0);
  expect(milliseconds).toBeLessThan(LIMIT_MS);

  const recorded = ledger.begun;
  await Promise.all([broker.start(), influx.start()]);
  running = labwire('run', '--config', file);
  const missing = (counts: Uint16Array): boolean => counts.subarray(1, recorded + 1).includes(0);
  await eventually(() => !missing(arrivals.counts));
  await eventually(async () => {
    const stored = new Uint16Array(1e6);
    for (const { n } of await influx.query(`SELECT n FROM counter WHERE n <= ${recorded}`, 'lab'))
      stored[Number(n)] = 1;
    return !missing(stored);
  });
});

it('ends in time in mid-start, whenever the signal comes', async () => {
  const file = folder.write('start.yaml', configuration(`mqtt://127.0.0.1:${await freePort()}`));
  for (const delayMs of [0, 10, 30, 60]) {
    running = labwire('run', '--config', file);
    // The first line of the log: from here on the signal is labwire's to handle.
    await running.until('stderr', /starting/);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    const { status, milliseconds } = await running.stop('SIGINT');
    expect(status).toBe(0);
    expect(milliseconds).toBeLessThan(LIMIT_MS);
  }
});

it('the demo shows readings and how to subscribe, and Ctrl-C ends it', async () => {
  running = labwire('demo');
  const [, url] = await running.until('stdout', /broker at (mqtt:\/\/127\.0\.0\.1:\d+)/);
  await running.until('stdout', new RegExp(`-p ${new URL(url ?? '').port}`));
  await running.until('stdout', /cryostat +stage1 \d/);
  await running.until('stdout', /gps +latitude 46\./);
  await running.until('stdout', /arduino +t \d/);
  const { status, milliseconds } = await running.stop('SIGINT');
  expect(status).toBe(0);
  expect(milliseconds).toBeLessThan(LIMIT_MS);
});
