import mqtt from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { drivers, models } from '../../drivers/index.ts';
import { emulators, Plug, UsbTree, XyMd02Emulator } from '../../mocks/index.ts';
import { type ConfigurationInput, type EmulatedInstrument, type EmulatedLine, Gateway } from '../../src/index.ts';
import { Folder } from '../e2e/labwire-process.ts';

const folder = new Folder();
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** Several instruments on one pair of wires: each hears all, and what they send meets on it. */
class Wires implements EmulatedInstrument {
  readonly #instruments: readonly EmulatedInstrument[];

  constructor(...instruments: EmulatedInstrument[]) {
    this.#instruments = instruments;
  }

  connect(line: EmulatedLine): void {
    const listeners: ((bytes: Buffer) => void)[] = [];
    line.onReceive((bytes) => {
      for (const listener of listeners) listener(bytes);
    });
    for (const instrument of this.#instruments) {
      instrument.connect({ send: (bytes) => line.send(bytes), onReceive: (listener) => listeners.push(listener) });
    }
  }

  disconnect(): void {
    for (const instrument of this.#instruments) instrument.disconnect();
  }
}

const own = { gateway: { id: 'lab' }, server: { port: 0 }, mqtt: { embedded: { port: 0 } } };

async function started(configuration: ConfigurationInput, systemRoot?: string) {
  const gateway = new Gateway(
    { ...own, ...configuration },
    { drivers, models: [models], emulators, ...(systemRoot !== undefined && { systemRoot }) },
  );
  await gateway.start();
  endings.push(() => gateway.stop());
  const client = await mqtt.connectAsync(gateway.brokerUrl ?? '');
  endings.push(() => client.endAsync());
  const said = new Map<string, string[]>();
  client.on('message', (topic, payload) => {
    said.set(topic, [...(said.get(topic) ?? []), payload.toString()]);
  });
  await client.subscribeAsync('labwire/lab/#');
  const all = (topic: string): string[] => said.get(`labwire/lab/${topic}`) ?? [];
  const json = (topic: string) => JSON.parse(all(topic).at(-1) ?? '{}');
  /** Times that a device that was online went offline. */
  const falls = (device: string): number =>
    all(`${device}/status`).filter((status, index, before) => status === 'offline' && before[index - 1] === 'online')
      .length;
  return { gateway, all, json, falls };
}

const until = (condition: () => boolean): Promise<void> => expect.poll(condition, { interval: 20 }).toBe(true);

/** Given the time that a machine with much to do takes. */
const patient = { timing: { firstByte: 5, reply: 5 } };
const air = (address: number, more = {}) => ({
  ...{ model: 'xy-md02', port: 'bus1', address, interval: 0.1 },
  ...patient,
  ...more,
});

/** One sensor on a pty each, or several on one. */
function cable(name: string, ...instruments: EmulatedInstrument[]): { plug: Plug; path: string } {
  const path = folder.file(name);
  const plug = Plug.into(new Wires(...instruments), { path });
  endings.push(() => plug.remove());
  return { plug, path };
}

describe('devices on one line', () => {
  it('are each read with their own address, and told apart', async () => {
    const [one, two] = [new XyMd02Emulator({ address: 1 }), new XyMd02Emulator({ address: 2 })];
    const { path } = cable('line', one, two);
    const { json } = await started({ ports: { bus1: { path } }, devices: { one: air(1), two: air(2) } });
    await until(
      () => typeof json('one/channels/temperature').value === 'number' && json('two/health').state === 'online',
    );
    expect(json('one/info')).toMatchObject({ port: path, address: 1, simulated: false });
    expect(json('two/info')).toMatchObject({
      address: 2,
      connection: { opens: 1, losses: 0, flushes: 0, reopens: 0, timeouts: 0 },
    });
  });

  it('do not feel that another one is silent, and it comes back by itself', async () => {
    const [one, two] = [new XyMd02Emulator({ address: 1 }), new XyMd02Emulator({ address: 2 })];
    two.powered = false;
    const { path } = cable('line', one, two);
    const { all, json, falls } = await started({
      ports: { bus1: { path } },
      devices: { one: air(1), two: air(2, { timing: {}, tasks: { acquire: { restartSec: 0.1 } } }) },
    });
    await until(
      () => json('two/tasks/acquire').lastError?.code === 'REPLY_TIMEOUT' && all('one/channels/humidity').length > 10,
    );
    expect(falls('one')).toBe(0);
    expect(json('one/tasks/acquire')).toMatchObject({ state: 'active', restarts: 0 });
    two.powered = true;
    await until(() => json('two/health').state === 'online');
  });

  it('are asked after a silence of 3.5 characters, whoever spoke before', async () => {
    const pauses: number[] = [];
    let saidAt = Number.NEGATIVE_INFINITY;
    const sensors = new Wires(new XyMd02Emulator({ address: 1 }), new XyMd02Emulator({ address: 2 }));
    const { path } = cable('line', {
      connect: (line) =>
        sensors.connect({
          send: (bytes) => {
            saidAt = performance.now();
            line.send(bytes);
          },
          onReceive: (listener) =>
            line.onReceive((bytes) => {
              pauses.push(performance.now() - saidAt);
              listener(bytes);
            }),
        }),
      disconnect: () => sensors.disconnect(),
    });
    const bus1 = { path, serial: { baudRate: 1200 } };
    await started({ ports: { bus1 }, devices: { one: air(1), two: air(2) } });
    await until(() => pauses.length > 10);
    // At 1200 baud a character is 8.3 ms.
    expect(Math.min(...pauses)).toBeGreaterThan(29);
  });

  it('lose their line together, and have it back together, with one port', async () => {
    const { plug, path } = cable('line', new XyMd02Emulator({ address: 1 }), new XyMd02Emulator({ address: 2 }));
    const { all, json } = await started({ ports: { bus1: { path } }, devices: { one: air(1), two: air(2) } });
    const online = (): boolean => ['one', 'two'].every((id) => json(`${id}/health`).state === 'online');
    await until(online);
    plug.unplug();
    await until(() => ['one', 'two'].every((id) => all(`${id}/status`).at(-1) === 'offline'));
    plug.replug();
    await until(online);
    for (const id of ['one', 'two']) expect(json(`${id}/tasks/acquire`)).toMatchObject({ restarts: 0 });
    await until(() => json('one/info').connection.opens === 2);
  });

  it('come and go by an edit, while the others are not touched', async () => {
    const { path } = cable('line', ...[1, 2, 3].map((address) => new XyMd02Emulator({ address })));
    const base = { ports: { bus1: { path } } };
    const { gateway, all, json, falls } = await started({ ...base, devices: { one: air(1), two: air(2) } });
    await until(() => json('one/health').state === 'online' && json('two/health').state === 'online');
    const rest = { ...own, ...base };
    await gateway.apply({ ...rest, devices: { one: air(1), three: air(3) } });
    await until(() => json('three/health').state === 'online');
    expect(falls('one')).toBe(0);
    expect(json('three/info').connection.opens).toBe(1);
    // The line itself is another: all on it begin anew.
    await gateway.apply({ ...rest, ports: { bus1: { path, timing: { spacing: 0.02 } } }, devices: { one: air(1) } });
    await until(() => falls('one') === 1 && all('one/status').at(-1) === 'online');
  });

  it('keep their line also when the one that was first on it goes', async () => {
    const { path } = cable('line', ...[1, 2].map((address) => new XyMd02Emulator({ address })));
    const { gateway, falls, json } = await started({
      ports: { bus1: { path } },
      devices: { one: air(1, { timing: { ...patient.timing, settle: 0.2 } }), two: air(2) },
    });
    await until(() => json('one/health').state === 'online' && json('two/health').state === 'online');
    await gateway.apply({ ...own, ports: { bus1: { path } }, devices: { two: air(2), three: air(1) } });
    await until(() => json('three/health').state === 'online');
    expect(falls('two')).toBe(0);
    expect(json('three/info').connection.opens).toBe(1);
  });

  it('may be emulated, instruments of different models among them', async () => {
    const { json } = await started({
      ports: { bus1: { emulated: true, serial: { baudRate: 9600 } } },
      devices: { meter: { model: 'eastron-sdm120', port: 'bus1', address: 7, interval: 0.2 }, air: air(1) },
    });
    await until(() => json('meter/channels/voltage').unit === 'V' && json('air/channels/humidity').unit === '%');
    expect(json('meter/info')).toMatchObject({ simulated: true, address: 7 });
  });
});

describe('an edit of a device', () => {
  it('leaves its line open, since the instrument may still owe an answer', async () => {
    const { path } = cable('line', new XyMd02Emulator());
    const devices = (interval: number) => ({ one: { model: 'xy-md02', port: { path }, interval, ...patient } });
    const { gateway, falls, json } = await started({ devices: devices(0.1) });
    await until(() => json('one/health').state === 'online');
    await gateway.apply({ ...own, devices: devices(0.2) });
    await until(() => falls('one') === 1 && json('one/health').state === 'online');
    expect(json('one/settings/interval')).toMatchObject({ value: 0.2 });
    expect(json('one/info').connection.opens).toBe(1);
  });
});

describe('a device on a USB adapter', () => {
  it('is found by what the adapter is, on whatever path it returns', async () => {
    const tree = UsbTree.open(folder.file('root'));
    const instrument = new XyMd02Emulator();
    const first = cable('first', instrument);
    tree.plug({ adapter: 'ftdi', serialNumber: 'A5069RR4', location: '1-1.4', tty: 'ttyUSB0', target: first.path });
    const usb = { vendorId: '0403', serialNumber: 'A5069RR4' };
    const { all, json } = await started(
      { devices: { one: { model: 'xy-md02', port: { usb }, interval: 0.1, ...patient } } },
      folder.file('root'),
    );
    await until(() => json('one/health').state === 'online');
    tree.unplug('1-1.4');
    first.plug.unplug();
    await until(() => all('one/status').at(-1) === 'offline');
    const second = cable('second', new XyMd02Emulator());
    tree.plug({ adapter: 'ftdi', serialNumber: 'A5069RR4', location: '1-1.2', tty: 'ttyUSB1', target: second.path });
    await until(() => json('one/health').state === 'online');
    expect(json('one/tasks/acquire')).toMatchObject({ restarts: 0 });
  });
});
