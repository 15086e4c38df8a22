import { openSync, readdirSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Pty } from '../../src/index.ts';
import { type Service, type Subscription, startMosquitto, subscribe } from '../integration/services.ts';
import { Currency } from './arrivals.ts';
import { type CountingSite, countingSite } from './counter.ts';
import { CLI, eventually, Folder, Running } from './labwire-process.ts';

const RATE = 20_000;
/** Few of the numbers go to the broker, which else would hold up the events on a busy machine: the journal has them all. */
const THINNED = '    publish: { deadband: { n: 500 }, maxInterval: 10s }\n';

let folder: Folder;
let broker: Service;
let told: Subscription;
let current: Currency;
let tty: Pty;
let site: CountingSite;
let running: Running;

beforeEach(async () => {
  folder = new Folder();
  [broker, tty] = [await startMosquitto(), Pty.open()];
  told = await subscribe(broker, 'labwire/lab/events', ['-t', 'labwire/lab/info']);
  current = await Currency.of(broker);
});
afterEach(async () => {
  await running.stop('SIGKILL');
  await Promise.all([told.stop(), current.stop()]);
  await broker.stop();
  tty.close();
  folder.remove();
});

/** Starts the gateway, by a program that may do something before. */
function run(journal: string, ...before: string[]): void {
  const more = `mqtt: { url: "${broker.url}" }\njournal: { path: ${journal} }`;
  site = countingSite({ folder, tty: tty.path, rate: RATE, last: 1e9, more, device: THINNED });
  const [command = process.execPath, ...args] = [...before, process.execPath, CLI, 'run', '--config', site.file];
  running = new Running(command, args, { env: { ...process.env, NO_COLOR: '1' } });
}

/** What is recorded from now on arrives. */
async function expectPolling(): Promise<void> {
  const next = site.ledger.begun + RATE / 10;
  await eventually(() => current.newest >= next);
  expect(running.child.exitCode).toBeNull();
}

/** The log and an event say so. */
async function expectAlarm(code: string, text: RegExp): Promise<void> {
  const says = (line: string, words: 'msg' | 'text'): boolean => {
    const entry = JSON.parse(line);
    return entry.code === code && text.test(entry[words]);
  };
  await told.until((messages) =>
    messages.some(({ topic, payload }) => topic === 'labwire/lab/events' && says(payload, 'text')),
  );
  // Of the last line the rest may still come.
  const logged = (): string[] => running.stderr.split('\n').slice(0, -1);
  await eventually(() => logged().some((line) => says(line, 'msg')));
}

async function journalUp(): Promise<boolean> {
  const [, address] = await running.until('stderr', /(http:\/\/127\.0\.0\.1:\d+)\/healthz/);
  const metrics = await (await fetch(`${address}/metrics`)).text();
  return /^labwire_journal_up (\d)$/m.exec(metrics)?.[1] === '1';
}

it('a full disk is told of, and polling goes on', async () => {
  const disk = folder.file('disk');
  // A disk of 3 MB that nothing but this process sees.
  const script = 'mkdir "$1" && mount -t tmpfs -o size=3m none "$1" && shift && exec "$@"';
  run(`${disk}/journal.db`, 'unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh', disk);
  await expectAlarm('JOURNAL_FAILED', /takes nothing: .*disk is full/);
  expect(await journalUp()).toBe(false);
  await told.until((messages) =>
    messages.some(
      ({ topic, payload }) => topic === 'labwire/lab/info' && JSON.parse(payload).journal.state === 'degraded',
    ),
  );
  await expectPolling();
});

/** Makes the journal large enough that much of it is no longer in its log, and does something to the file. */
async function harm(how: (path: string) => void): Promise<void> {
  run('journal.db');
  const path = folder.file('journal.db');
  await eventually(() => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 3_000_000);
  how(path);
}

it('a journal that is deleted is begun anew with an alarm, and polling goes on', async () => {
  await harm((path) => {
    for (const ending of ['', '-wal', '-shm']) rmSync(path + ending, { force: true });
  });
  await expectAlarm('JOURNAL_FAILED', /was deleted/);
  await expectAlarm('JOURNAL_RECOVERED', /written again/);
  expect(await journalUp()).toBe(true);
  await expectPolling();
});

it('a journal that is cut in the middle is set aside with an alarm, and polling goes on', async () => {
  await harm((path) => truncateSync(path, Math.floor(statSync(path).size / 2)));
  await expectAlarm('JOURNAL_FAILED', /kept as .*journal\.db\.corrupt-/);
  await expectAlarm('JOURNAL_RECOVERED', /written again/);
  expect(readdirSync(folder.path).some((name) => name.startsWith('journal.db.corrupt-'))).toBe(true);
  expect(await journalUp()).toBe(true);
  await expectPolling();
});

it('a journal in which bytes are flipped is told of, and polling goes on', async () => {
  await harm((path) => {
    const file = openSync(path, 'r+');
    for (let at = 100_000; at < 3_000_000; at += 5000) writeSync(file, Buffer.alloc(16, 0xa5), 0, 16, at);
  });
  await expectAlarm('JOURNAL_FAILED', /damaged/);
  await expectPolling();
});
