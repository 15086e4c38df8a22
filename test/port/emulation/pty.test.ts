import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Pty } from '../../../src/port/index.ts';
import { eventually } from '../eventually.ts';

const flags = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK;

/** What can be read at once; nothing is the empty string. */
function readAll(fd: number): string {
  const buffer = Buffer.alloc(65_536);
  let text = '';
  for (;;) {
    try {
      const length = readSync(fd, buffer);
      if (length === 0) return text;
      text += buffer.toString('latin1', 0, length);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return text;
      throw error;
    }
  }
}

describe('Pty', () => {
  let folder: string;
  const open: Pty[] = [];
  const openPty = (link?: string): Pty => {
    const pty = Pty.open(link === undefined ? {} : { link });
    open.push(pty);
    return pty;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'labwire-pty-'));
  });
  afterEach(() => {
    for (const pty of open.splice(0)) pty.close();
    rmSync(folder, { recursive: true });
  });

  it('is available here', () => {
    expect(Pty.available()).toBe(true);
  });

  it('passes every byte both ways, without echo or translation', async () => {
    const pty = openPty();
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const received: Buffer[] = [];
    pty.onData((bytes) => received.push(Buffer.from(bytes)));
    const fd = openSync(pty.path, flags);
    writeSync(fd, all);
    await eventually(() => Buffer.concat(received).length >= 256, 'the arrival at the master');
    expect(Buffer.concat(received)).toEqual(all);
    pty.write(all);
    let text = '';
    await eventually(() => {
      text += readAll(fd);
      return text.length >= 256;
    }, 'the arrival at the slave');
    expect(Buffer.from(text, 'latin1')).toEqual(all);
    closeSync(fd);
  });

  it('survives that its other side is closed and opened again', async () => {
    const pty = openPty();
    let received = '';
    pty.onData((bytes) => {
      received += bytes.toString();
    });
    for (const text of ['one ', 'two ', 'three']) {
      const fd = openSync(pty.path, flags);
      writeSync(fd, text);
      closeSync(fd);
    }
    await eventually(() => received === 'one two three', 'the arrival of all');
  });

  it('is seen as a hang-up by who has it open when it is closed', () => {
    const pty = openPty();
    const fd = openSync(pty.path, flags);
    expect(readAll(fd)).toBe('');
    expect(() => readSync(fd, Buffer.alloc(1))).toThrow('EAGAIN');
    pty.close();
    expect(readSync(fd, Buffer.alloc(1))).toBe(0);
    closeSync(fd);
    pty.close();
    pty.write(Buffer.from('nobody'));
  });

  it('holds a bounded part of what nobody reads, counts the rest, and never blocks', async () => {
    const pty = openPty();
    const block = Buffer.alloc(10_000, 0x41);
    for (let written = 0; written < 50; written++) pty.write(block);
    expect(pty.dropped).toBeGreaterThan(350_000);
    const fd = openSync(pty.path, flags);
    let length = 0;
    await eventually(() => {
      length += readAll(fd).length;
      return length + pty.dropped >= 500_000;
    }, 'the arrival of what was held');
    expect(length + pty.dropped).toBe(500_000);
    closeSync(fd);
  });

  it('is reached by a link, which is replaced at once and removed at the end', () => {
    const link = join(folder, 'sensor');
    const first = openPty(link);
    const firstTarget = readlinkSync(link);
    const second = openPty(link);
    expect(second.path).toBe(link);
    expect(readlinkSync(link)).not.toBe(firstTarget);
    first.close();
    expect(existsSync(link)).toBe(true);
    second.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('replaces nothing but a link', () => {
    const path = join(folder, 'notes.txt');
    writeFileSync(path, 'precious');
    const before = readdirSync('/proc/self/fd').length;
    expect(() => Pty.open({ link: path })).toThrow('is no symbolic link');
    expect(() => Pty.open({ link: join(folder, 'missing/sensor') })).toThrow('PORT_FAILED');
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });

  it('is not inherited by child processes, and leaves no file descriptor', () => {
    const before = readdirSync('/proc/self/fd').length;
    const ptys = Array.from({ length: 20 }, () => openPty());
    const inherited = execFileSync('/bin/ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' });
    expect(inherited).not.toContain('ptmx');
    for (const pty of ptys) pty.close();
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
