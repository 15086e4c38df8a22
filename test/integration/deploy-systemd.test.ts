import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { NotifyReceiver } from '../cli/systemd/notify-receiver.ts';
import { CLI, eventually, Running } from '../e2e/labwire-process.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const unit = join(root, 'deploy/systemd/labwire.service');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-systemd-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** The values of a key of the unit, in order. */
function valuesOf(key: string): string[] {
  const lines = readFileSync(unit, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
}

describe('the systemd unit', () => {
  it('is understood by systemd without a word', async () => {
    copyFileSync(unit, join(folder, 'labwire.service'));
    const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', join(folder, 'labwire.service')]);
    expect(stdout + stderr).toBe('');
  });

  it('would be found faulty if it were', async () => {
    const faulty = write('labwire.service', readFileSync(unit, 'utf8').replace('ProtectHome=', 'ProtectHomes='));
    const { stderr } = await run('systemd-analyze', ['verify', '--man=no', faulty]);
    expect(stderr).toMatch(/Unknown key( name)? 'ProtectHomes'/);
  });

  it('exposes little, as systemd reckons it', async () => {
    const args = ['security', '--offline=true', '--no-pager', '--threshold=20'];
    const { stdout } = await run('systemd-analyze', [...args, unit]);
    expect(stdout).toMatch(/Overall exposure level for labwire\.service: 1\.\d OK/);
  });

  it('runs the command line as it is, on a configuration and with a journal at the places that the guide names', () => {
    expect(valuesOf('ExecStart')).toEqual(['/usr/bin/env labwire run --config /etc/labwire/labwire.yaml']);
    const bin = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).bin;
    expect(Object.keys(bin)).toEqual(['labwire']);
    expect(valuesOf('StateDirectory')).toEqual(['labwire']);
    const guide = readFileSync(join(root, 'docs/deploy.md'), 'utf8');
    expect(guide).toContain('/etc/labwire/labwire.yaml');
    expect(guide).toContain('path: /var/lib/labwire/journal.db');
  });
});

const CONFIGURATION = `
gateway: { id: lab }
mqtt: { embedded: { port: 0 } }
server: { port: 0 }
journal: { path: ./state/journal.db }
devices:
  cryostat: { model: lakeshore-218, port: { emulated: true }, interval: 1s }
`;

async function receive(): Promise<NotifyReceiver> {
  const receiver = await NotifyReceiver.start();
  onTestFinished(() => receiver.stop());
  return receiver;
}

/**
 * As systemd starts it, with a watchdog that wants a sign of life twice within a time. By default it wants few: a socket
 * has room for ten, and a receiver that a busy machine halts must not miss the last of them.
 */
function supervised({ address }: NotifyReceiver, watchdogMs = 10_000): NodeJS.ProcessEnv {
  return { NOTIFY_SOCKET: address, WATCHDOG_USEC: String(watchdogMs * 1000) };
}

/** Resolves when systemd has heard something, and fails at once where labwire has ended before. */
async function heard(receiver: NotifyReceiver, labwire: Running, is: (texts: string[]) => boolean): Promise<void> {
  const ended = labwire.ended.then(({ status, stderr }) => {
    if (!is(receiver.texts)) throw new Error(`labwire ended with status ${status}: ${stderr}`);
  });
  await Promise.race([receiver.until(() => is(receiver.texts)), ended]);
}

function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Running {
  const running = new Running(command, args, { cwd: folder, env: { ...process.env, NO_COLOR: '1', ...env } });
  onTestFinished(() => void running.child.kill('SIGKILL'));
  return running;
}

describe('labwire under systemd', () => {
  it('works within the system calls and the address families of its unit', async () => {
    write('labwire.yaml', CONFIGURATION);
    const receiver = await receive();
    const limits = JSON.stringify({ calls: await permittedCalls(), families: permittedFamilies() });
    const confine = join(import.meta.dirname, 'confined.py');
    const program = [process.execPath, CLI, 'run', '--config', 'labwire.yaml'];
    const labwire = start('/usr/bin/python3', [confine, limits, ...program], supervised(receiver));
    await heard(receiver, labwire, (texts) => texts.some((text) => text.endsWith('STATUS=1 of 1 devices online')));
    // A disk that is slow to open the journal is told of, and has it later.
    const [slow, mended] = [/has not opened it within/, /is written again/];
    await eventually(() => !slow.test(labwire.stderr) || mended.test(labwire.stderr));
    const { status, stderr } = await labwire.stop();
    expect(status).toBe(0);
    // The receiver may read behind the end of the process.
    await receiver.until(() => receiver.texts.at(-1) === 'STOPPING=1\nSTATUS=Stopping');
    const levels = stderr
      .trim()
      .split('\n')
      .filter((line) => !slow.test(line))
      .map((line) => JSON.parse(line).level);
    expect(new Set(levels), stderr).toEqual(new Set(['info']));
  });

  it('is held to those limits by this test', async () => {
    const confine = join(import.meta.dirname, 'confined.py');
    const calls = await permittedCalls();
    const AF_PACKET = 17;
    const program = `import os, socket
socket.socket(socket.AF_INET)
for forbidden in (lambda: socket.socket(${AF_PACKET}, socket.SOCK_RAW), lambda: os.chroot('/')):
    try: forbidden()
    except PermissionError: print('refused')`;
    const limits = JSON.stringify({ calls, families: permittedFamilies() });
    const { stdout } = await run('/usr/bin/python3', [confine, limits, '/usr/bin/python3', '-c', program]);
    expect(stdout).toBe('refused\nrefused\n');
  });

  it('tells of an edit of its configuration while it applies it', async () => {
    const file = write('labwire.yaml', CONFIGURATION);
    const receiver = await receive();
    const labwire = start(process.execPath, [CLI, 'run'], supervised(receiver));
    await heard(receiver, labwire, (texts) => texts.some((text) => text.startsWith('READY=1')));
    // In one step: of a file that is emptied and then written a gateway may see two edits.
    const edited = write('edited', `${CONFIGURATION}  roof: { model: nmea0183, port: { emulated: true } }\n`);
    renameSync(edited, file);
    await heard(receiver, labwire, (texts) => texts.includes('READY=1'));
    const states = receiver.texts.flatMap((text) => /^(RELOADING|READY)=1/.exec(text)?.[0] ?? []);
    expect(states).toEqual(['READY=1', 'RELOADING=1', 'READY=1']);
    await heard(receiver, labwire, (texts) => texts.some((text) => text.includes('2 of 2 devices online')));
    expect((await labwire.stop()).status).toBe(0);
  });

  it('gives no sign of life while a driver holds the whole process up', async () => {
    const blocked = 2000;
    // Far more than the pause between two signs.
    const silence = 1000;
    write(
      'drivers.d/stuck.js',
      `import { existsSync, rmSync } from 'node:fs';
import { Instrument, task } from 'labwire';
export default class Stuck extends Instrument { acquire = task({ autostart: true }, async () => {}); }
setInterval(() => {
  if (!existsSync('hang')) return;
  rmSync('hang');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${blocked});
}, 20).unref();`,
    );
    write('labwire.yaml', CONFIGURATION);
    const receiver = await receive();
    const labwire = start(process.execPath, [CLI, 'run'], supervised(receiver, 400));
    const signs = (): number[] => receiver.notices.filter(({ text }) => text === 'WATCHDOG=1').map(({ at }) => at);
    await heard(receiver, labwire, () => signs().length >= 3);
    const gaps = (): number[] => signs().map((at, index, all) => at - (all[index - 1] ?? at));
    const wasSilent = (): boolean => gaps().some((gap) => gap >= silence);
    // Again where a busy receiver was late for the last sign before, and heard less of the silence.
    for (let times = 0; times < 5 && !wasSilent(); times++) {
      const hang = write('hang', '');
      await eventually(() => !existsSync(hang));
      const heardBefore = signs().length;
      await heard(receiver, labwire, () => wasSilent() || signs().length > heardBefore + blocked / 200);
    }
    expect(wasSilent()).toBe(true);
    const before = signs().length;
    await heard(receiver, labwire, () => signs().length > before + 3);
    expect((await labwire.stop()).status).toBe(0);
  });

  it('does not say that it is ready with a wrong configuration, whose status keeps systemd from trying again', async () => {
    write('labwire.yaml', 'devices: { a: { model: nonesuch } }\n');
    const receiver = await receive();
    const labwire = start(process.execPath, [CLI, 'run'], supervised(receiver));
    expect((await labwire.ended).status).toBe(2);
    expect(valuesOf('RestartPreventExitStatus')).toEqual(['2']);
    expect(receiver.texts).toEqual([]);
  });
});

/** The system calls that the unit leaves, as systemd reads its lines. */
async function permittedCalls(): Promise<string[]> {
  const { stdout } = await run('systemd-analyze', ['syscall-filter', '--no-pager']);
  const sets = new Map<string, string[]>();
  let entries: string[] = [];
  for (const line of stdout.split('\n')) {
    if (line.startsWith('@')) {
      entries = [];
      sets.set(line.trim(), entries);
    } else if (/^\s+[^\s#]/.test(line)) entries.push(line.trim());
  }
  const expand = (word: string): string[] => (word.startsWith('@') ? (sets.get(word) ?? []).flatMap(expand) : [word]);
  // What systemd needs to start the program at all is always left.
  const permitted = new Set(expand('@default'));
  for (const line of valuesOf('SystemCallFilter')) {
    const words = line.replace(/^~/, '').split(' ').flatMap(expand);
    expect(words.length).toBeGreaterThan(10);
    for (const word of words) {
      if (line.startsWith('~')) permitted.delete(word);
      else permitted.add(word);
    }
  }
  return [...permitted];
}

function permittedFamilies(): number[] {
  // socket(2), Linux.
  const numbers: Record<string, number> = { AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16 };
  return valuesOf('RestrictAddressFamilies').flatMap((line) =>
    line.split(' ').map((name) => {
      const number = numbers[name];
      if (number === undefined) throw new Error(`${name} is not known to this test`);
      return number;
    }),
  );
}
