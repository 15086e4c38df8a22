import { mkdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EmulatedInstrument, type EmulatedLine, type ServedEmulator, serveEmulator } from '../../mocks/index.ts';
import { type Service, type Subscription, startMosquitto, subscribe } from '../integration/services.ts';
import { CLI, Folder, Running } from './labwire-process.ts';

/** Answers `T?`. */
class Chiller implements EmulatedInstrument {
  connect(line: EmulatedLine): void {
    line.onReceive((bytes) => {
      if (bytes.toString('latin1') === 'T?\r') line.send('-7.25\r');
    });
  }

  disconnect(): void {}
}

const driver = (types: string): string => `import { Instrument, setting, task } from 'labwire';

export default class Chiller extends Instrument {
  interval = setting(1, { unit: 's', minimum: 0.01, doc: 'Time between two readings.' });

  acquire = task({ autostart: true }, async ({ every }) => {
    for await (const _ of every(this.interval)) {
      const kelvin${types} = Number(await this.link.query('T?'));
      this.record({ temperature: kelvin });
    }
  });
}
`;

const model = `manufacturer: Own build
driver: chiller
framing: { lines: "\\r" }
# The instrument is in the process of the test, which a busy machine may halt.
timing: { reply: 30s }
channels: { temperature: { unit: degC, quantity: temperature } }
source: the firmware
`;

let broker: Service;
let live: Subscription;
let served: ServedEmulator;
let running: Running | undefined;
const folder = new Folder();
const tty = folder.file('tty');

beforeAll(async () => {
  broker = await startMosquitto();
  live = await subscribe(broker, 'labwire/#');
  served = await serveEmulator(() => new Chiller(), { pty: tty });
});
afterEach(async () => {
  await running?.stop('SIGKILL');
  running = undefined;
});
afterAll(async () => {
  await Promise.all([live.stop(), broker.stop(), served.stop()]);
  folder.remove();
});

function site(name: string, files: Record<string, string>): string {
  for (const part of ['drivers.d', 'models.d', 'devices.d'])
    mkdirSync(folder.file(`${name}/${part}`), { recursive: true });
  const configuration = `gateway: { id: ${name} }
mqtt: { url: "\${BROKER}" }
server: { port: 0 }
`;
  for (const [file, content] of Object.entries({ 'labwire.yaml': configuration, ...files })) {
    folder.write(`${name}/${file}`, content);
  }
  return folder.file(`${name}/labwire.yaml`);
}

function run(configuration: string, node = process.execPath): Running {
  running = new Running(node, [CLI, 'run', '--config', configuration], { env: { ...process.env, BROKER: broker.url } });
  return running;
}

const reading = (gateway: string): Record<string, unknown> | undefined => {
  const topic = `labwire/${gateway}/chiller/channels/temperature`;
  const message = live.messages.find((candidate) => candidate.topic === topic);
  return message && JSON.parse(message.payload);
};

describe('a site with drivers, models and devices of its own', () => {
  const devices = `chiller: { model: chiller-1, port: { path: ${tty} }, interval: 100ms }\n`;

  it('needs nothing but files beside its configuration, and one faulty file does no harm', async () => {
    const configuration = site('plain', {
      'drivers.d/chiller.js': driver(''),
      'drivers.d/broken.js': 'export default 42;\n',
      'models.d/chiller-1.yaml': model,
      'models.d/broken.yaml': 'manufacturer: [\n',
      'devices.d/chiller.yaml': devices,
    });
    const gateway = run(configuration);
    await live.until(() => reading('plain') !== undefined);
    expect(reading('plain')).toMatchObject({ value: -7.25, unit: '°C', quality: 'good' });
    await gateway.until('stderr', /broken\.js is left out.*DRIVER_INVALID/);
    await gateway.until('stderr', /broken\.yaml is left out.*MODEL_INVALID/);
    expect((await gateway.stop()).status).toBe(0);
  });

  it('takes an edit of a model at once', async () => {
    const configuration = site('edited', {
      'drivers.d/chiller.js': driver(''),
      'models.d/chiller-1.yaml': model,
      'devices.d/chiller.yaml': devices,
    });
    run(configuration);
    await live.until(() => reading('edited') !== undefined);
    folder.write('edited/models.d/chiller-1.yaml', model.replace('degC', 'K'));
    await live.until((messages) =>
      messages.some(
        ({ topic, payload }) => topic.startsWith('labwire/edited/chiller/channels/') && payload.includes('"K"'),
      ),
    );
  });

  it('ends in time also when a driver of its own holds the process', async () => {
    const configuration = site('held', {
      'drivers.d/chiller.js': `setInterval(() => {}, 1000);\n${driver('')}`,
      'models.d/chiller-1.yaml': model,
      'devices.d/chiller.yaml': devices,
    });
    const gateway = run(configuration);
    await live.until(() => reading('held') !== undefined);
    const { status, milliseconds } = await gateway.stop();
    expect(status).toBe(0);
    expect(milliseconds).toBeLessThan(3000);
  });

  it('ends after a failure also when a driver of its own holds the process', async () => {
    const failing = driver('').replace('autostart: true', 'autostart: true, restartSec: 0, exitOnFailure: true');
    const configuration = site('failed', {
      'drivers.d/chiller.js': `setInterval(() => {}, 1000);\n${failing.replace("query('T?')", 'noSuchThing()')}`,
      'models.d/chiller-1.yaml': `${model}tasks: { acquire: { restartOnException: false } }\n`,
      'devices.d/chiller.yaml': devices,
    });
    const { status, stderr } = await run(configuration).ended;
    expect(status).toBe(1);
    expect(stderr).toContain('stopped after a failure');
  });

  it('may write its driver in TypeScript, for a Node that strips types', async () => {
    const configuration = site('typed', {
      'drivers.d/chiller.ts': driver(': number'),
      'models.d/chiller-1.yaml': model,
      'devices.d/chiller.yaml': devices,
    });
    run(configuration, process.env.LABWIRE_NODE24);
    await live.until(() => reading('typed') !== undefined);
    expect(reading('typed')).toMatchObject({ value: -7.25, unit: '°C', quality: 'good' });
  });
});
