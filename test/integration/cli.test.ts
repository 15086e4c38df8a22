import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** The built program, as it is installed: `npm run build` makes it. */
const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), text);
}

function labwire(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: folder, timeout: 60_000 }, (error, out, err) => {
      resolve({ status: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err });
    });
  });
}

const device = (more: string): string => `devices:\n  a:\n    model: line\n    port: { emulated: true }\n${more}`;

describe('labwire check', () => {
  it('names file, line and column of every mistake, and ends with status 2', async () => {
    write('labwire.yaml', device('    line: { format: json, channels: { t: { unti: K } } }\n    tgas: {}\n'));
    const { status, out } = await labwire('check');
    expect(status).toBe(2);
    expect(out.trim().split('\n')).toEqual([
      expect.stringMatching(
        /^labwire\.yaml:5:44: .*unknown key "unti".* Did you mean "unit"\? \(CONFIG_UNKNOWN_KEY\)$/,
      ),
      expect.stringMatching(/^labwire\.yaml:6:5: .*unknown key "tgas".* Did you mean "tags"\? \(CONFIG_UNKNOWN_KEY\)$/),
    ]);
  });

  it('knows a driver and a model that lie beside the configuration', async () => {
    write(
      'drivers.d/beeper.js',
      `import { Instrument, task } from 'labwire';
import { Line } from 'labwire/drivers';
export const family = Line.name;
export default class Beeper extends Instrument { acquire = task({ autostart: true }, async () => {}); }`,
    );
    write('models.d/beeper-1.yaml', 'driver: beeper\nchannels: { t: { unit: K } }\nsource: the lab\n');
    write('labwire.yaml', 'devices: { a: { model: beeper-1, port: { path: ./tty } } }\n');
    expect(await labwire('check')).toMatchObject({ status: 0, err: '' });
  });
});

describe('labwire run', () => {
  it('without a configuration ends with status 2 and says what to do', async () => {
    const { status, err } = await labwire('run');
    expect(status).toBe(2);
    expect(err).toContain('labwire.yaml:1:1: the configuration file does not exist; write one, or name another');
  });
});

describe('labwire simulate', () => {
  it('ends with status 0 at Ctrl-C', async () => {
    const child: ChildProcess = spawn(process.execPath, [main, 'simulate', 'nmea0183', '--tcp', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout?.on('data', (more) => {
      text += more;
    });
    await expect.poll(() => text).toMatch(/tcp:\/\/127\.0\.0\.1:\d+.*Ctrl-C ends it/s);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('the output', () => {
  it('may be read by something that stops early', async () => {
    const child = spawn(process.execPath, [main, 'schema'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (text) => {
      err += text;
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(err).toBe('');
  });
});
