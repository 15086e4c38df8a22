import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { emulators } from '../../mocks/index.ts';
import { runCli } from '../../src/cli/program.ts';
import { recordingIo } from './recording-io.ts';

interface Outcome {
  status: number;
  out: string;
  err: string;
}

async function labwire(...args: string[]): Promise<Outcome> {
  const io = recordingIo();
  const status = await runCli(args, io);
  return { status, out: io.out.join('\n'), err: io.err.join('\n') };
}

describe('the command line', () => {
  it('tells its version', async () => {
    expect(await labwire('--version')).toMatchObject({ status: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });

  it.each(['run', 'demo', 'check', 'ports', 'models', 'monitor', 'simulate', 'export', 'schema'])(
    'explains %s with an example',
    async (name) => {
      const { status, out } = await labwire(name, '--help');
      expect(status).toBe(0);
      expect(out).toContain(`Examples:\n  labwire ${name}`);
    },
  );

  it.each([
    [[], 'Usage: labwire'],
    [['modls'], 'Did you mean models?'],
    [['ports', '--jsn'], 'Did you mean --json?'],
    [['ports', 'extra'], 'too many arguments'],
    [['ports', '--watch', '--json'], 'cannot be used with'],
    [['ports', '--config', 'absent.yaml'], 'absent.yaml has mistakes'],
    [['simulate'], "missing required argument 'model'"],
    [['simulate', 'line', '--tcp', '70000'], 'whole number from 0'],
    [['simulate', 'line', '--tcp', '1', '--pty', 'x'], 'cannot be used with'],
    [['simulate', 'lakeshore-281'], 'Did you mean "lakeshore-218"?'],
    [['models', 'lakeshore-281'], 'Did you mean "lakeshore-218"?'],
  ])('ends %j with status 2 and says what is wrong', async (args, message) => {
    const { status, out, err } = await labwire(...args);
    expect(status).toBe(2);
    expect(err).toContain(message);
    expect(out).toBe('');
  });
});

describe('labwire models', () => {
  it('lists the catalogue', async () => {
    const { status, out } = await labwire('models');
    expect(status).toBe(0);
    expect(out.split('\n')[0]).toMatch(/^ID +MANUFACTURER +MODEL +DRIVER$/);
    expect(out).toMatch(/^lakeshore-218 +Lake Shore +218 +lakeshore$/m);
  });

  it('tells the channels, the serial line and the source of one model', async () => {
    const { out } = await labwire('models', 'lakeshore-218');
    expect(out).toContain('9600 baud, 7-O-1');
    expect(out).toMatch(/^input1 +K +number +1\.4 … 475 +temperature$/m);
    expect(out).toContain("Lake Shore 218 User's Manual");
  });

  it('prints JSON for machines', async () => {
    expect(JSON.parse((await labwire('models', 'nmea0183', '--json')).out)).toMatchObject({ id: 'nmea0183' });
    expect(JSON.parse((await labwire('models', '--json')).out)).toContainEqual(expect.objectContaining({ id: 'line' }));
  });

  it('knows the models beside the configuration', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'labwire-models-'));
    mkdirSync(join(folder, 'models.d'));
    writeFileSync(join(folder, 'models.d', 'own-one.yaml'), 'driver: line\nsource: the lab\n');
    try {
      expect((await labwire('models', '--config', join(folder, 'labwire.yaml'))).out).toMatch(/^own-one/m);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('labwire check', () => {
  it('prints JSON for machines', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'labwire-check-'));
    const file = join(folder, 'labwire.yaml');
    try {
      writeFileSync(file, 'server: { port: 0 }\n');
      expect(await labwire('check', '--config', file, '--json')).toEqual({ status: 0, out: '[]', err: '' });
      writeFileSync(file, 'server: { port: x }\n');
      const { status, out } = await labwire('check', '--config', file, '--json');
      expect(status).toBe(2);
      expect(JSON.parse(out)).toEqual([
        {
          file,
          line: 1,
          column: 17,
          code: 'CONFIG_INVALID',
          severity: 'error',
          path: ['server', 'port'],
          at: 'value',
          message: 'server.port must be a number, is "x"',
        },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('labwire simulate', () => {
  it('says where the instrument is and how to connect it, and ends with status 0 when it is stopped', async () => {
    const io = recordingIo();
    const ended = runCli(['simulate', 'lakeshore-218', '--tcp', '0'], io);
    await vi.waitFor(() => expect(io.out).toHaveLength(1));
    expect(io.out[0]).toMatch(/lakeshore-218 \(9600 baud, 7-O-1\) is at tcp:\/\/127\.0\.0\.1:\d+/);
    expect(io.out[0]).toMatch(/lakeshore_218: \{ model: lakeshore-218, port: \{ tcp: "127\.0\.0\.1:\d+" \} \}/);
    io.stop();
    expect(await ended).toBe(0);
  });

  it.each(Object.keys(emulators))('says of %s what a configuration can take as it is', async (model) => {
    const folder = mkdtempSync(join(tmpdir(), 'labwire-simulate-'));
    const io = recordingIo();
    const ended = runCli(['simulate', model, '--tcp', '0'], io);
    await vi.waitFor(() => expect(io.out).toHaveLength(1));
    io.stop();
    await ended;
    const file = join(folder, 'labwire.yaml');
    writeFileSync(file, /^ {2}devices:\n.*\n/m.exec(io.out[0] ?? '')?.[0] ?? '');
    expect(await labwire('check', '--config', file, '--json')).toEqual({ status: 0, out: '[]', err: '' });
    rmSync(folder, { recursive: true });
  });

  it('makes a link to its pseudo-terminal and takes it away at the end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'labwire-simulate-'));
    const link = join(folder, 'tty');
    const io = recordingIo();
    const ended = runCli(['simulate', 'line', '--pty', link], io);
    await vi.waitFor(() => expect(io.out).toHaveLength(1));
    expect(existsSync(link)).toBe(true);
    expect(io.out[0]).toContain(`port: { path: ${link} }`);
    io.stop();
    expect(await ended).toBe(0);
    expect(existsSync(link)).toBe(false);
    rmSync(folder, { recursive: true });
  });
});

describe('labwire schema', () => {
  const committed = (name: string): unknown =>
    JSON.parse(readFileSync(new URL(`../../schema/${name}`, import.meta.url), 'utf8'));

  it('prints what is committed as schema/labwire.schema.json (npm run schema)', async () => {
    expect(JSON.parse((await labwire('schema')).out)).toEqual(committed('labwire.schema.json'));
  });

  it('prints what is committed as schema/model.schema.json (npm run schema)', async () => {
    expect(JSON.parse((await labwire('schema', '--catalogue')).out)).toEqual(committed('model.schema.json'));
  });
});
