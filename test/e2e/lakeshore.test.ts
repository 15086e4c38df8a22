import { afterAll, beforeAll, expect, it } from 'vitest';
import { LakeShore218Emulator, serveEmulator } from '../../mocks/index.ts';
import { type Service, type Subscription, startMosquitto, subscribe } from '../integration/services.ts';
import { givenTime } from './given-time.ts';
import { eventually, Folder, labwire, type Running } from './labwire-process.ts';

const POLLED_S = 60;
const OFF_MS = 10_000;
const folder = new Folder();
const path = folder.file('tty218');
const instrument = new LakeShore218Emulator({ delayMs: 20, serialNumber: 'LSA1234' });
let served: Awaited<ReturnType<typeof serveEmulator>>;
let broker: Service;
let live: Subscription;
let gateway: Running;

beforeAll(async () => {
  broker = await startMosquitto();
  served = await serveEmulator(() => instrument, { pty: path });
  live = await subscribe(broker, 'labwire/lab_a/cryostat/#');
  gateway = labwire(
    'run',
    '--config',
    folder.write(
      'labwire.yaml',
      `gateway: { id: lab_a }
mqtt: { url: "${broker.url}" }
server: { port: 0 }
devices:
  cryostat:
    model: lakeshore-218
    port: { path: ${path} }
    interval: 1s
    # The instrument is in the process of the test, which a busy machine may halt.
    timing: { firstByte: 4s, reply: 4s, retries: 0 }
`,
    ),
  );
});

afterAll(async () => {
  await gateway.stop('SIGKILL');
  await live.stop();
  await served.stop();
  await broker.stop();
  folder.remove();
});

const payloads = (topic: string): string[] =>
  live.messages.filter((message) => message.topic === `labwire/lab_a/cryostat/${topic}`).map(({ payload }) => payload);
const readings = (): { value: number | null; time: string; reason?: string }[] =>
  payloads('channels/input1').map((payload) => JSON.parse(payload));
const deviceLines = (): { level: string; msg: string }[] =>
  gateway.stderr
    .split('\n')
    // Of the last line the rest may still come.
    .slice(0, -1)
    .map((line) => JSON.parse(line))
    .filter(({ device, task }) => device === 'cryostat' || task === 'cryostat.acquire');
/** The levels of what was logged of the device since, once that is so many lines: the log may be heard behind the broker. */
async function levelsSince(before: number, count: number): Promise<string[]> {
  await eventually(() => deviceLines().length >= before + count);
  return deviceLines()
    .slice(before)
    .map(({ level }) => level);
}
const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

/**
 * By how many ms each was later than its tick, on a grid of 1 s. Behind one that was late comes the next tick that is not
 * past.
 */
function lateness(times: number[]): number[] {
  const turns = times.map((time) => ((time % 1000) / 1000) * 2 * Math.PI);
  const sum = (part: (turn: number) => number): number => turns.reduce((total, turn) => total + part(turn), 0);
  const phase = (Math.atan2(sum(Math.sin), sum(Math.cos)) / (2 * Math.PI)) * 1000;
  const NEARLY = 0.2;
  return times.map((time, index) => {
    const reached = ((times[index - 1] ?? time - 1000) - phase) / 1000;
    return time - phase - (Math.floor(reached + NEARLY) + 1) * 1000;
  });
}

const isOnline = (): boolean => payloads('status').at(-1) === 'online';

it(`is polled for ${POLLED_S} s at 1 s with no missed tick`, { timeout: 180_000 }, async () => {
  const time = givenTime(gateway.child.pid ?? 0);
  await live.until(() => readings().length > POLLED_S, (POLLED_S + 60) * 1000);
  const { waited } = time();
  const times = readings().map(({ time }) => Date.parse(time));
  // On a grid without drift. A busy machine makes some late, but not most of them, and none by more than it let wait.
  const late = lateness(times);
  expect(Math.max(...late.map(Math.abs))).toBeLessThan(500 + waited);
  expect(late.filter((by) => Math.abs(by) >= 500).length).toBeLessThan(POLLED_S / 4);
  expect(Math.abs(median(late.slice(0, POLLED_S / 2)) - median(late.slice(POLLED_S / 2)))).toBeLessThan(50);
  expect(JSON.parse(payloads('info').at(-1) ?? '')).toMatchObject({
    manufacturer: 'Lake Shore',
    model: '218',
    serialNumber: 'LSA1234',
    simulated: false,
    channels: { input1: { unit: 'K', type: 'number' } },
  });
  expect(deviceLines()).toEqual([]);
});

it('survives being switched off for 10 s: offline, restarts as configured, online, two log lines', {
  timeout: 180_000,
}, async () => {
  const before = deviceLines().length;
  instrument.powered = false;
  const switchedOff = performance.now();
  await live.until(() => payloads('status').at(-1) === 'offline' && readings().at(-1)?.reason === 'stale');
  expect(readings().at(-1)?.value).toBeNull();
  expect(JSON.parse(payloads('health').at(-1) ?? '')).toMatchObject({ state: 'connecting', code: 'REPLY_TIMEOUT' });
  await new Promise((resolve) => setTimeout(resolve, OFF_MS - (performance.now() - switchedOff)));
  await live.until(() => JSON.parse(payloads('tasks/acquire').at(-1) ?? '').restarts >= 2);
  instrument.powered = true;
  await live.until(() => isOnline() && typeof readings().at(-1)?.value === 'number');
  expect(await levelsSince(before, 2)).toEqual(['warn', 'info']);
  expect(deviceLines()[before]?.msg).toMatch(/REPLY_TIMEOUT/);
});

it('survives being unplugged for 10 s without a failure of its task: offline, online, two log lines', {
  timeout: 180_000,
}, async () => {
  const before = deviceLines().length;
  const { restarts } = JSON.parse(payloads('tasks/acquire').at(-1) ?? '');
  await served.stop();
  await live.until(() => payloads('status').at(-1) === 'offline' && readings().at(-1)?.reason === 'stale');
  expect(readings().at(-1)?.value).toBeNull();
  await new Promise((resolve) => setTimeout(resolve, OFF_MS));
  expect(JSON.parse(payloads('tasks/acquire').at(-1) ?? '')).toMatchObject({ state: 'activating', restarts });
  served = await serveEmulator(() => instrument, { pty: path });
  const sincePlugged = givenTime(gateway.child.pid ?? 0);
  await live.until(() => isOnline() && typeof readings().at(-1)?.value === 'number');
  // The path is watched: nothing waits for a retry.
  expect(sincePlugged().given).toBeLessThan(2000);
  expect(await levelsSince(before, 2)).toEqual(['warn', 'info']);
});
