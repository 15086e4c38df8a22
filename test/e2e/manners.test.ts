import { existsSync, rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CLI, eventually, Folder, labwire, Running } from './labwire-process.ts';
import { Terminal } from './terminal.ts';

const ESCAPE = '\u001b';
const folder = new Folder();
const terminals: Terminal[] = [];
const bare = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:NO|FORCE)_COLOR$/.test(name)));

let talker: Running;

beforeAll(async () => {
  talker = new Running(process.execPath, [CLI, 'simulate', 'nmea0183', '--pty', 'gps'], { cwd: folder.path });
  await talker.until('stdout', /Ctrl-C ends it/);
  folder.write(
    'labwire.yaml',
    'server: { port: 0 }\ndevices:\n  a: { model: lakeshore-218, port: { emulated: true } }\n',
  );
  const running = labwire('run', '--config', folder.file('labwire.yaml'));
  const [, port] = await running.until('stderr', /127\.0\.0\.1:(\d+)/);
  const online = async (): Promise<boolean> =>
    (await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()).includes('"online"');
  await eventually(online);
  await running.stop();
});
afterEach(async () => {
  await Promise.all(terminals.splice(0).map((terminal) => terminal.interrupt()));
});
afterAll(async () => {
  await talker.stop();
  folder.remove();
});

function onTerminal(args: string, env: NodeJS.ProcessEnv = bare): Terminal {
  const terminal = new Terminal(`${process.execPath} ${CLI} ${args}`, { cwd: folder.path, env, prefix: [] });
  terminals.push(terminal);
  return terminal;
}

const COLOUR = new RegExp(`${ESCAPE}\\[[0-9;]*m`);

describe('labwire on a terminal', () => {
  it.each([
    ['run', /\] INFO: starting/],
    ['monitor ./gps --text', /←/],
  ])('speaks to people in colours: %s', async (command, sign) => {
    const terminal = onTerminal(command);
    await eventually(() => sign.test(terminal.text));
    expect(terminal.raw).toMatch(COLOUR);
  });

  it.each(['run', 'demo', 'monitor ./gps --text'])('shows no colours with NO_COLOR: %s', async (command) => {
    const terminal = onTerminal(command, { ...bare, NO_COLOR: '1' });
    const sign = { run: /runs 1 device/, demo: /stage1 [\d.]+ K/, 'monitor ./gps --text': /←/ }[command] ?? /./;
    await eventually(() => sign.test(terminal.text));
    expect(terminal.raw).not.toMatch(COLOUR);
  });

  it('tells how many samples an export has', async () => {
    const terminal = onTerminal('export --out all.csv');
    await eventually(() => /\d+ samples in all\.csv/.test(terminal.text));
  });
});

describe('labwire without a terminal', () => {
  it.each([['run'], ['demo']])('says nothing but plain lines: %s', async (command) => {
    const running = new Running(process.execPath, [CLI, command], { cwd: folder.path, env: bare });
    if (command === 'demo') await running.until('stdout', /stage1 [\d.]+ K/);
    else await running.until('stderr', /runs 1 device/);
    const { status, stdout, stderr } = await running.stop();
    expect(status).toBe(0);
    expect(stdout + stderr).not.toContain(ESCAPE);
    for (const line of stderr.trim().split('\n').filter(Boolean)) expect(() => JSON.parse(line)).not.toThrow();
  });

  it.each([[['check']], [['models']], [['ports']], [['schema', '--page']], [['export']], [['--help']]])(
    'says what was asked for, and no more: %j',
    async (args) => {
      const { status, stdout, stderr } = await new Running(process.execPath, [CLI, ...args], {
        cwd: folder.path,
        env: bare,
      }).ended;
      expect(status).toBe(0);
      expect(stdout).not.toBe('');
      expect(stdout).not.toContain(ESCAPE);
      expect(stderr).toBe('');
    },
  );

  it.each([
    ['run', 0],
    ['run --config none.yaml', 2],
    ['read --url http://127.0.0.1:1', 1],
  ])('does and ends as ever where its log cannot be written: %s', async (command, expected) => {
    rmSync(folder.file('labwire-data'), { recursive: true, force: true });
    const full = new Running('/bin/sh', ['-c', `exec ${process.execPath} ${CLI} ${command} 2> /dev/full`], {
      cwd: folder.path,
      env: bare,
    });
    if (expected === 0) await eventually(() => existsSync(folder.file('labwire-data/journal.db')));
    const { status } = expected === 0 ? await full.stop() : await full.ended;
    expect(status).toBe(expected);
  });
});
