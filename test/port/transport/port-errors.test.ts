import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ErrorSurroundings, openingError } from '../../../src/port/transport/port-errors.ts';

let root: string;
let device: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'labwire-errors-')));
  device = join(root, 'ttyUSB0');
  writeFileSync(device, '');
  chmodSync(device, 0o660);
  mkdirSync(join(root, 'etc'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('a port that may not be opened', () => {
  const denied = async (group: string, more: ErrorSurroundings = {}): Promise<string> => {
    writeFileSync(join(root, 'etc/group'), `others:x:4294967:\n${group}\n`);
    const cause = new Error(`Error: Permission denied, cannot open ${device}`);
    const error = await openingError(device, cause, { root, platform: 'linux', user: 'ada', groups: [], ...more });
    expect(error.code).toBe('PORT_DENIED');
    expect(error.cause).toBe(cause);
    return error.detail;
  };
  const gid = (): number => statSync(device).gid;

  it('names the group to join', async () => {
    expect(await denied(`dialout:x:${gid()}:grace`)).toBe(
      `No permission to open ${device}: it belongs to the group dialout; run \`sudo usermod -aG dialout ada\`, log out and in again`,
    );
  });

  it('says that a group joined lately counts from the next log-in on', async () => {
    expect(await denied(`dialout:x:${gid()}:grace, ada`)).toContain(
      'it belongs to the group dialout, which ada has joined, but this process began before that: log out and in again, or restart the service',
    );
  });

  it('points to the mode of a device that its group may not open', async () => {
    chmodSync(device, 0o600);
    expect(await denied(`dialout:x:${gid()}:ada`, { groups: [gid()] })).toContain(
      'the group dialout, which may not read and write it; its mode should be 0660',
    );
  });

  it('points to the container where all permissions are right', async () => {
    expect(await denied(`dialout:x:${gid()}:ada`, { groups: [gid()] })).toContain('`--device`');
  });

  it('advises another user where there is no group to join', async () => {
    expect(await denied(`root:x:${gid()}:`)).toContain('run labwire as a user who may');
    rmSync(device);
    expect(await denied(`dialout:x:1:`)).toContain('run labwire as a user who may');
  });
});

describe('a port that is not there', () => {
  const absent = async (): Promise<string> => {
    const cause = new Error('Error: No such file or directory, cannot open /dev/ttyUSB9');
    const error = await openingError('/dev/ttyUSB9', cause, { root, platform: 'linux' });
    expect(error.code).toBe('PORT_ABSENT');
    return error.detail;
  };

  /** A port of `/sys/class/tty`, on a USB device where there is a product. */
  const plug = (name: string, product?: string): void => {
    const usb = join(root, 'sys/devices', product === undefined ? `platform-${name}` : `usb-${name}`);
    const place = join(usb, 'interface');
    mkdirSync(join(place, 'tty', name), { recursive: true });
    symlinkSync(place, join(place, 'tty', name, 'device'));
    if (product !== undefined) {
      writeFileSync(join(usb, 'idVendor'), '0403\n');
      writeFileSync(join(usb, 'idProduct'), '6001\n');
      writeFileSync(join(usb, 'product'), `${product}\n`);
    }
    for (const folder of ['sys/class/tty', 'dev']) mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, 'dev', name), '');
    symlinkSync(join(place, 'tty', name), join(root, 'sys/class/tty', name));
  };

  it('says that there is none at all', async () => {
    expect(await absent()).toBe(
      'There is no port /dev/ttyUSB9: plug the adapter in, or correct the path; no serial port is there',
    );
  });

  it('lists what there is, adapters first, and counts what is left out', async () => {
    for (const name of ['ttyS0', 'ttyS1', 'ttyS2', 'ttyS3']) plug(name);
    plug('ttyACM0', 'Arduino Uno');
    plug('ttyUSB3', 'FT232R USB UART');
    expect(await absent()).toContain(
      'there are /dev/ttyUSB3 (FT232R USB UART), /dev/ttyACM0 (Arduino Uno), /dev/ttyS0, /dev/ttyS1, /dev/ttyS2 and 1 more (`labwire ports`)',
    );
  });
});

describe('a port that is busy', () => {
  const busy = async (more: ErrorSurroundings): Promise<string> => {
    const error = await openingError(
      device,
      new Error('Error Resource temporarily unavailable Cannot lock port'),
      more,
    );
    expect(error.code).toBe('PORT_BUSY');
    return error.detail;
  };

  it('names the process that has locked it, as /proc/locks tells', async () => {
    const { dev, ino } = statSync(device);
    const hex = (number: number): string => number.toString(16).padStart(2, '0');
    mkdirSync(join(root, 'proc/812'), { recursive: true });
    writeFileSync(join(root, 'proc/812/comm'), 'minicom\n');
    writeFileSync(
      join(root, 'proc/locks'),
      `1: POSIX  ADVISORY  WRITE 7 00:01:1 0 EOF\n2: FLOCK  ADVISORY  WRITE 812 ${hex((dev >> 8) & 0xfff)}:${hex((dev & 0xff) | ((dev >> 12) & 0xfff00))}:${ino} 0 EOF\n`,
    );
    expect(await busy({ root, platform: 'linux' })).toBe(
      `minicom (process 812) has the port ${device} open: end it, or stop its service`,
    );
  });

  it.each([
    ['/usr/bin/node\0/usr/lib/node_modules/.bin/labwire\0run\0', /^Another labwire \(process 812\)/],
    ['node\0/opt/labwire/dist/src/cli/main.js\0run\0--token\0secret\0', /^Another labwire \(process 812\)/],
    ['node\0/srv/logger.js\0', /^logger\.js \(process 812\)/],
    ['node\0--eval\0secret\0', /^node \(process 812\)/],
  ])('names the script that an interpreter runs: %j', async (commandLine, named) => {
    mkdirSync(join(root, 'proc/812/fd'), { recursive: true });
    writeFileSync(join(root, 'proc/812/comm'), 'node\n');
    writeFileSync(join(root, 'proc/812/cmdline'), commandLine);
    symlinkSync(device, join(root, 'proc/812/fd/21'));
    expect(await busy({ root, platform: 'linux' })).toMatch(named);
  });

  it('names a real process that has it open, locked or not', async () => {
    const child = spawn('tail', ['-f', device], { stdio: ['ignore', 'pipe', 'ignore'] });
    writeFileSync(device, 'open\n');
    await once(child.stdout, 'data');
    // Alone: of a machine with very many processes not all are looked at.
    mkdirSync(join(root, 'proc'));
    symlinkSync(`/proc/${child.pid}`, join(root, 'proc', String(child.pid)));
    expect(await busy({ root })).toContain(`tail (process ${child.pid}) has the port ${device} open`);
    child.kill();
    await once(child, 'exit');
  });

  it('speaks of another program where nobody tells which', async () => {
    expect(await busy({ root, platform: 'linux' })).toContain('Another program has the port');
    expect(await busy({ platform: 'darwin' })).toContain('Another program has the port');
  });
});
