import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchCommand } from '../../src/cli/commands/watch.ts';
import type { CliIo } from '../../src/cli/io.ts';
import { runCli } from '../../src/cli/program.ts';
import { WireServer, type WireServerOptions } from '../client/wire-server.ts';
import { recordingIo } from './recording-io.ts';

let server: WireServer;
const others: WireServer[] = [];
beforeEach(async () => {
  server = await new WireServer().start();
});
afterEach(async () => {
  await Promise.all([server, ...others.splice(0)].map((one) => one.stop()));
});

async function serve(options: WireServerOptions): Promise<WireServer> {
  const one = await new WireServer(options).start();
  others.push(one);
  return one;
}

interface Outcome {
  status: number;
  out: string;
  err: string;
}

async function labwire(args: string[], given: Partial<CliIo> = {}): Promise<Outcome> {
  const io = recordingIo(given.env ? given : { ...given, env: { LABWIRE_URL: server.url } });
  const status = await runCli(args, io);
  return { status, out: io.out.join('\n'), err: io.err.join('\n') };
}

const sent = (event: string): unknown[] => server.calls.flatMap(([name, request]) => (name === event ? [request] : []));

describe('the commands that ask a gateway', () => {
  it.each(['devices', 'tasks', 'read', 'set', 'call', 'watch', 'events'])(
    'explain %s with an example',
    async (name) => {
      const { status, out } = await labwire([name, '--help']);
      expect(status).toBe(0);
      expect(out).toContain(`Examples:\n  labwire ${name}`);
      expect(out.replace(/\s+/g, ' ')).toContain('better in LABWIRE_TOKEN');
    },
  );

  it.each([
    [['read', 'tempreature'], 'There is no value with the path tempreature. Did you mean "temperature"?'],
    [['read', 'speed'], 'Did you mean "stage.speed"?'],
    [['read', 'qqqqqqqqqqqqqqq'], '`labwire read` lists what there is.'],
    [['read', 'a..b'], 'There is no value with the path a..b.'],
    [['set', 'range', 'lo'], 'range takes one of auto, low, high, not "lo". Did you mean low?'],
    [['set', 'range'], "missing required argument 'value'"],
    [['set', 'readoutInterval', 'soon'], 'readoutInterval takes a number in s, not "soon"'],
    [['set', 'readoutInterval', '5 wobbles'], 'the unit "wobbles" is not known'],
    [['set', 'stage.speed', '5 V'], 'takes a number without a unit'],
    [['set', 'temperature', '5'], 'temperature can only be read'],
    [['set', 'stage', '5'], 'stage is no setting. It has stage.speed.'],
    [['set', 'range', '--jsn'], 'That is no option here'],
    [['call', 'zreo'], 'There is no command with the path zreo. Did you mean "zero"?'],
    [['call', 'zero'], 'zero needs the argument at: at=NUMBER'],
    [['call', 'zero', '5'], '5 is no argument: write name=value, e.g. at=5'],
    [['call', 'zero', 'ta=5'], 'zero has no argument "ta". Did you mean "at"?'],
    [['call', 'zero', 'at=here'], 'zero, argument at, takes a number, not "here"'],
    [['call', 'readSensor.start'], 'use `labwire tasks readSensor start`'],
    [['tasks', 'readSensro'], 'There is no task with the path readSensro. Did you mean "readSensor"?'],
    [['tasks', 'readSensor', 'pause'], 'Allowed choices are start, stop, restart'],
    [['watch', 'rnage'], 'Did you mean "range"?'],
    [['watch', '--hz', '0'], 'a number from 0.001 to 100'],
    [['read', '--url', 'localhost'], 'It must be a URL'],
    [['events', '--limit', '0'], 'a whole number from 1 to 1000'],
  ])('end %j with status 2 and say what is wrong', async (args, message) => {
    const { status, out, err } = await labwire(args);
    expect(err).toContain(message);
    expect(status).toBe(2);
    expect(out).toBe('');
    expect(sent('update_value')).toEqual([]);
    expect(sent('trigger_method')).toEqual([]);
  });
});

describe('labwire read', () => {
  it('lists the values, and marks what can be set', async () => {
    const { status, out } = await labwire(['read']);
    expect(status).toBe(0);
    expect(out.split('\n')[0]).toMatch(/^PATH +VALUE +UNIT$/);
    expect(out).toMatch(/^temperature +21\.5 +°C$/m);
    expect(out).toMatch(/^range +auto +can be set$/m);
    expect(out).toMatch(/^detectors\["a"\]\.gain +1 +can be set$/m);
    expect(out).not.toContain('readSensor');
  });

  it('prints one value by itself', async () => {
    expect(await labwire(['read', 'temperature'])).toEqual({ status: 0, out: '21.5 °C', err: '' });
    expect((await labwire(['read', "detectors['a'].gain"])).out).toBe('1');
  });

  it('prints JSON for machines, an array always', async () => {
    const { out } = await labwire(['read', 'temperature', '--json']);
    expect(JSON.parse(out)).toEqual([{ path: 'temperature', value: 21.5, unit: '°C', readonly: true }]);
    expect(JSON.parse((await labwire(['read', '--json'])).out)).toContainEqual({
      path: 'stage.speed',
      value: 3,
      unit: null,
      readonly: false,
    });
  });
});

describe('labwire set', () => {
  it.each([
    ['range', 'high', { type: 'Enum', value: 'high' }, 'range is high'],
    ['readoutInterval', '2.5', { value: { magnitude: 2.5, unit: 's' } }, 'readoutInterval is 2.5 s'],
    ['readoutInterval', '2 s', { value: { magnitude: 2, unit: 's' } }, 'readoutInterval is 2 s'],
    ['readoutInterval', '500ms', { value: { magnitude: 500, unit: 'ms' } }, 'readoutInterval is 500 s'],
    ['stage.speed', '-5', { type: 'int', value: -5 }, 'stage.speed is -5'],
    ['detectors["a"].gain', '-.5e-3', { type: 'float', value: -0.0005 }, 'detectors["a"].gain is -0.0005'],
  ])('takes %s %j as what the setting declares', async (path, text, value, told) => {
    expect(await labwire(['set', path, text])).toEqual({ status: 0, out: told, err: '' });
    expect(sent('update_value')).toMatchObject([{ access_path: path, value }]);
  });

  it('does not pass what a channel said before the write for the answer', async () => {
    const measured = { enumerable: true, get: () => 3, set: () => {} };
    Object.defineProperty(server.at('stage.speed'), 'value', measured);
    const { status, out } = await labwire(['set', 'stage.speed', '5']);
    expect({ status, out }).toEqual({
      status: 0,
      out: 'stage.speed is 3 as before; what was written shows with the next reading',
    });
    expect((await labwire(['set', 'stage.speed', '3'])).out).toBe('stage.speed is 3');
  });

  it('takes true and false, and a text as it is', async () => {
    const { value: members } = server.root as { value: Record<string, object> };
    members.on = { ...server.at('stage.speed'), full_access_path: 'on', type: 'bool', value: false };
    members.label = { ...server.at('stage.speed'), full_access_path: 'label', type: 'str', value: '' };
    expect((await labwire(['set', 'on', 'true'])).out).toBe('on is true');
    expect((await labwire(['set', 'on', 'yes'])).err).toContain('on takes true or false, not "yes"');
    expect((await labwire(['set', 'label', '5 mV'])).out).toBe('label is 5 mV');
  });

  it('prints what the value is then as JSON', async () => {
    expect(JSON.parse((await labwire(['set', 'range', 'low', '--json'])).out)).toEqual({
      path: 'range',
      value: 'low',
      unit: null,
      readonly: false,
    });
  });
});

describe('labwire call', () => {
  it('calls with named arguments, and prints the result', async () => {
    expect(await labwire(['call', 'zero', 'at=-0.5'])).toEqual({ status: 0, out: 'zero is done', err: '' });
    expect(sent('trigger_method')).toMatchObject([
      { access_path: 'zero', kwargs: { value: { at: { type: 'float', value: -0.5 } } } },
    ]);
    expect((await labwire(['call', 'echo', 'word=a=b c'])).out).toBe('a=b c');
    expect(JSON.parse((await labwire(['call', 'echo', 'word=x', '--json'])).out)).toEqual({
      path: 'echo',
      result: 'x',
    });
  });

  it('lists the commands', async () => {
    const { out } = await labwire(['call']);
    expect(out).toMatch(/^zero +at=NUMBER$/m);
    expect(out).not.toContain('readSensor');
    expect(JSON.parse((await labwire(['call', '--json'])).out)[0]).toMatchObject({
      path: 'zero',
      parameters: { at: {} },
    });
  });
});

describe('labwire tasks', () => {
  it('lists them, and starts and stops one', async () => {
    expect((await labwire(['tasks'])).out).toMatch(/^readSensor +inactive$/m);
    expect(await labwire(['tasks', 'readSensor', 'start'])).toEqual({
      status: 0,
      out: 'readSensor is active',
      err: '',
    });
    expect(sent('trigger_method')).toMatchObject([{ access_path: 'readSensor.start' }]);
    const { out } = await labwire(['tasks', '--json']);
    expect(JSON.parse(out)).toMatchObject([
      { path: 'readSensor', status: 'RUNNING', state: 'active', lastError: null },
    ]);
  });
});

describe('labwire watch', () => {
  it('without a terminal prints a line for each value, and then for each change', async () => {
    const io = recordingIo({ env: { LABWIRE_URL: server.url } });
    const ended = runCli(['watch', 'temperature', '--hz', '5'], io);
    await vi.waitFor(() => expect(io.out).toHaveLength(1));
    expect(io.out[0]).toMatch(/^\d{4}-\d\d-\d\dT.*Z {2}temperature {2}21\.5 °C$/);
    server.push('temperature', 22);
    await vi.waitFor(() => expect(io.out).toHaveLength(2));
    expect(io.out[1]).toMatch(/temperature {2}22 °C$/);
    expect(sent('subscribe')).toEqual([{ paths: ['temperature'], maxHz: 5 }]);
    server.cut();
    await vi.waitFor(() => expect(io.err).toHaveLength(2));
    expect(io.err).toEqual([expect.stringContaining('the connection is lost'), 'connected again']);
    io.stop();
    expect(await ended).toBe(0);
  });

  it('as JSON prints an object for each, and nothing of tasks', async () => {
    const io = recordingIo({ env: { LABWIRE_URL: server.url }, outputTerminal: true });
    const ended = runCli(['watch', '--json'], io);
    await vi.waitFor(() => expect(io.out.length).toBeGreaterThan(3));
    const before = io.out.length;
    server.push('readSensor.state', 'failed');
    server.push('stage.speed', 9);
    await vi.waitFor(() => expect(io.out).toHaveLength(before + 1));
    expect(JSON.parse(io.out[before] ?? '')).toMatchObject({ path: 'stage.speed', value: 9, unit: null });
    io.stop();
    expect(await ended).toBe(0);
  });

  it('on a terminal writes a table anew in its place, cut to the size of the terminal', async () => {
    const io = recordingIo({ env: { LABWIRE_URL: server.url }, outputTerminal: true });
    const screens: string[] = [];
    const out = { columns: 30, rows: 6, write: (text: string) => screens.push(text) };
    const ended = watchCommand([], { hz: 50 }, io, out);
    await vi.waitFor(() => expect(screens.length).toBeGreaterThan(1));
    const [first = '', second = ''] = screens;
    expect(first.split('\n').slice(2)).toEqual([
      expect.stringMatching(/^PATH +VALUE +U/),
      expect.stringMatching(/^readoutInterval +1 +s/),
      expect.stringMatching(/^… and \d more$/),
      '',
    ]);
    expect(second.startsWith('\u001b[5A\u001b[J')).toBe(true);
    for (const line of first.split('\n')) expect(line.length).toBeLessThan(30);
    server.push('readoutInterval', 7);
    await vi.waitFor(() => expect(screens.at(-1)).toMatch(/readoutInterval +7 +s/));
    await server.stop();
    await vi.waitFor(() => expect(screens.at(-1)).toContain('NOT CONNECTED'));
    expect(io.err).toEqual([]);
    io.stop();
    expect(await ended).toBe(0);
  });
});

describe('labwire devices and events', () => {
  const event = (time: string, text: string) => ({
    time,
    severity: 'info',
    device: 'cryostat',
    kind: 'device',
    code: 'DEVICE_ONLINE',
    title: 'Online',
    text,
  });
  const devices = [
    {
      id: 'cryostat',
      status: 'online',
      health: { state: 'online', code: null, message: null, lastSample: '2026-11-24T03:40:00.123456Z' },
      info: { modelId: 'lakeshore-218', label: 'Cryostat', port: '/dev/ttyUSB0' },
    },
  ];
  let happened: object[];
  let asked: { url: string; authorization: string | undefined }[];
  let answers: Record<string, [status: number, body: unknown]>;

  beforeEach(async () => {
    happened = [event('2026-11-24T03:41:00.000002Z', 'second'), event('2026-11-24T03:41:00.000001Z', 'first')];
    asked = [];
    answers = {};
    server = await serve({
      http: ({ url = '', headers }, response) => {
        if (url.startsWith('/ws/')) return;
        asked.push({ url, authorization: headers.authorization });
        const route = url.split('?')[0] ?? '';
        const [status, body] = answers[route] ?? [200, route.endsWith('events') ? { events: happened } : { devices }];
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      },
    });
  });

  it('lists devices, with the token that the environment has', async () => {
    const { out, status } = await labwire(['devices'], { env: { LABWIRE_URL: server.url, LABWIRE_TOKEN: 'secret' } });
    expect(status).toBe(0);
    expect(out).toMatch(/^cryostat +online +lakeshore-218 +Cryostat +\/dev\/ttyUSB0 +2026-11-24T03:40:00Z$/m);
    expect(asked).toEqual([{ url: '/api/v1/devices', authorization: 'Bearer secret' }]);
    expect(JSON.parse((await labwire(['devices', '--json'])).out)).toEqual(devices);
  });

  it('tells events, the newest last', async () => {
    const { out } = await labwire(['events', '--device', 'cryostat', '--limit', '5']);
    expect(out.split('\n')).toEqual([
      '2026-11-24T03:41:00Z  info     cryostat      Online: first (DEVICE_ONLINE)',
      '2026-11-24T03:41:00Z  info     cryostat      Online: second (DEVICE_ONLINE)',
    ]);
    expect(asked[0]?.url).toBe('/api/v1/events?device=cryostat&limit=5');
  });

  it('tells the code of a refusal once', async () => {
    happened = [{ ...event('2026-11-24T03:41:00.000001Z', 'anna tried: no (VALUE_INVALID)'), code: 'VALUE_INVALID' }];
    expect((await labwire(['events'])).out).toMatch(/anna tried: no \(VALUE_INVALID\)$/);
  });

  it('goes on telling events, each once, over an outage of the gateway', async () => {
    const { port } = server;
    const io = recordingIo({ env: { LABWIRE_URL: server.url } });
    const ended = runCli(['events', '--follow', '--json'], io);
    await vi.waitFor(() => expect(io.out).toHaveLength(2));
    happened = [event('2026-11-24T03:41:05.000000Z', 'third'), ...happened];
    await vi.waitFor(() => expect(io.out).toHaveLength(3));
    expect(JSON.parse(io.out[2] ?? '')).toMatchObject({ text: 'third' });
    expect(asked.at(-1)?.url).toContain('from=2026-11-24T03%3A40%3A50.000Z');
    await server.stop();
    await vi.waitFor(() => expect(io.err).toEqual([expect.stringContaining('waiting for it')]));
    happened = [event('2026-11-24T03:42:00.000000Z', 'fourth'), ...happened];
    await serve({
      port,
      http: ({ url = '' }, response) => {
        if (!url.startsWith('/ws/')) response.end(JSON.stringify({ events: happened }));
      },
    });
    await vi.waitFor(() => expect(io.out).toHaveLength(4));
    expect(io.err.at(-1)).toBe('connected again');
    io.stop();
    expect(await ended).toBe(0);
  });

  it('says what the gateway says, and what to do', async () => {
    answers['/api/v1/devices'] = [401, { error: { code: 'UNAUTHENTICATED', message: 'Who are you?' } }];
    expect(await labwire(['devices'])).toMatchObject({
      status: 1,
      err: expect.stringMatching(
        /says: Who are you\?; give a token in LABWIRE_TOKEN.*user and password within --url \(UNAUTHENTICATED\)$/,
      ),
    });
    answers['/api/v1/devices'] = [404, { error: { code: 'NOT_FOUND', message: 'There is no such page' } }];
    expect((await labwire(['devices'])).err).toContain('perhaps it is no gateway but a service (GATEWAY_REFUSED)');
    answers['/api/v1/devices'] = [200, 'something else'];
    expect((await labwire(['devices'])).err).toContain('is no gateway of labwire of this version');
  });
});

describe('where the gateway is', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'labwire-place-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const configured = (text: string): string[] => {
    writeFileSync(join(folder, 'labwire.yaml'), text);
    return ['--config', join(folder, 'labwire.yaml')];
  };

  it('is told by the configuration, where nothing else tells it', async () => {
    const args = ['read', 'temperature', ...configured(`server: { port: ${server.port} }\n`)];
    expect((await labwire(args, { env: {} })).out).toBe('21.5 °C');
  });

  it('must be given where the configuration leaves it open, or has mistakes', async () => {
    const open = await labwire(['read', ...configured('server: { port: 0 }\n')], { env: {} });
    expect(open).toMatchObject({ status: 2, err: expect.stringContaining('listens on any free port') });
    const wrong = await labwire(['read', ...configured('server: { prot: 1 }\n')], { env: {} });
    expect(wrong).toMatchObject({ status: 2, err: expect.stringContaining('Did you mean "port"?') });
  });

  it('is said when nothing answers there, with status 1', async () => {
    const { url } = server;
    await server.stop();
    const { status, err } = await labwire(['read'], { env: { LABWIRE_URL: url } });
    expect(status).toBe(1);
    expect(err).toMatch(
      /^labwire: The server at http:\/\/127\.0\.0\.1:\d+ does not answer: connect ECONNREFUSED .*; is `labwire run` running there\?/,
    );
    expect((await labwire(['devices'], { env: { LABWIRE_URL: url } })).err).toContain(
      'does not answer: connect ECONNREFUSED',
    );
  });

  it('may refuse the token, and says what to do', async () => {
    const refuse = () => Object.assign(new Error('The token is not known'), { data: { code: 'UNAUTHENTICATED' } });
    const guarded = await serve({ refuse });
    const { status, err } = await labwire(['read', '--token', 'wrong'], { env: { LABWIRE_URL: guarded.url } });
    expect(status).toBe(1);
    expect(err).toMatch(/says: The token is not known; is the token right, and not revoked\?.* \(UNAUTHENTICATED\)$/);
  });

  it('may take long, which Ctrl-C ends', async () => {
    server.deaf.add('trigger_method');
    const io = recordingIo({ env: { LABWIRE_URL: server.url } });
    const ended = runCli(['call', 'zero', 'at=1'], io);
    await vi.waitFor(() => expect(server.calls.at(-1)?.[0]).toBe('trigger_method'));
    io.stop();
    expect(await ended).toBe(1);
    expect(io.err.join()).toContain('(ABORTED)');
    const { status, err } = await labwire(['call', 'zero', 'at=1', '--timeout', '50ms']);
    expect(status).toBe(1);
    // On a busy machine not even the connection is made in that time.
    expect(err).toMatch(/(gave no answer to trigger_method within|took longer than) 0\.05 s.*\(TIMEOUT\)$/);
  });
});
