import { afterEach, describe, expect, it } from 'vitest';
import { CLI, eventually, Folder, labwire, Running } from './labwire-process.ts';

const folder = new Folder();
let running: Running | undefined;
afterEach(async () => {
  await running?.stop('SIGKILL');
  running = undefined;
});

const faulty = `gateway: { id: lab_a }
mqtt: { url: mqtt://localhost:1, qoss: 1 }
devices:
  cryostat:
    model: lakeshore-219
    port: { emulated: true }
  gps:
    model: nmea0183
    port: { emulated: true }
    channels: { latitud: false }
    tasks: { acquire: { restartSec: -1 } }
  arduino:
    model: line
    port: { emulated: true }
    line: { format: jsn, channels: { t: { unit: °C } } }
`;

const sound = (interval: string): string => `gateway: { id: lab_a }
server: { port: 0 }
devices:
  cryostat:
    model: lakeshore-218
    port: { emulated: true }
    interval: ${interval}
`;

describe('labwire check', () => {
  it('prints a line with the position for each of five mistakes, and exits with 2', async () => {
    const file = folder.write('five.yaml', faulty);
    const { status, stdout } = await labwire('check', '--config', file).ended;
    expect(status).toBe(2);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.slice(file.length).split(': ')[0])).toEqual([
      ':2:34',
      ':5:12',
      ':10:17',
      ':11:37',
      ':15:21',
    ]);
    expect(lines[0]).toMatch(/"qoss".*Did you mean "qos".*CONFIG_UNKNOWN_KEY/);
    expect(lines[1]).toMatch(/Did you mean "lakeshore-218".*MODEL_UNKNOWN/);
    expect(lines[2]).toMatch(/Did you mean "latitude"/);
    expect(lines[3]).toMatch(/restartSec.*TASK_OPTION/);
    expect(lines[4]).toMatch(/json/);
  });

  it('says that a right one is right, and exits with 0', async () => {
    const { status, stdout } = await labwire('check', '--config', folder.write('right.yaml', sound('1s'))).ended;
    expect(stdout).toMatch(/is right: 1 device\n$/);
    expect(status).toBe(0);
  });
});

describe('labwire run', () => {
  it('does not start on a faulty configuration', async () => {
    const { status, stderr } = await labwire('run', '--config', folder.write('five.yaml', faulty)).ended;
    expect(status).toBe(2);
    expect(stderr.trimEnd().split('\n')).toHaveLength(5);
  });

  it('says where systemd lets it write, while the configuration does not', async () => {
    const file = folder.write('service.yaml', sound('1s'));
    const env = { ...process.env, STATE_DIRECTORY: '/var/lib/labwire' };
    running = new Running(process.execPath, [CLI, 'run', '--config', file], { env });
    await running.until('stderr', /names no journal\.path.*add journal: \{ path: \/var\/lib\/labwire\/journal\.db \}/);
  });

  it('goes on as it was after an edit with a mistake, says why, and takes the edit that mends it', async () => {
    const file = folder.write('edited.yaml', sound('1s'));
    running = labwire('run', '--config', file);
    const [, port] = await running.until('stderr', /127\.0\.0\.1:(\d+)/);
    const state = async (): Promise<string> => {
      const health = (await (await fetch(`http://127.0.0.1:${port}/healthz`)).json()) as {
        devices: { cryostat: string };
      };
      return health.devices.cryostat;
    };
    await eventually(async () => (await state()) === 'online');
    folder.write('edited.yaml', sound('soon'));
    await running.until('stderr', /edited\.yaml:7:15: .*interval.*soon/);
    await running.until('stderr', /goes on as it was/);
    expect(await state()).toBe('online');
    folder.write('edited.yaml', '');
    await running.until('stderr', /edited\.yaml is empty: the gateway goes on as it was/);
    expect(await state()).toBe('online');
    folder.write('edited.yaml', sound('100ms'));
    await running.until('stderr', /configuration applied/);
    await eventually(async () => (await state()) === 'online');
    expect((await running.stop()).status).toBe(0);
  });
});
