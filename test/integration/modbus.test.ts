import mqtt from 'mqtt';
import { afterEach, describe, expect, it } from 'vitest';
import { drivers, models } from '../../drivers/index.ts';
import { ModbusEmulator, RegisterBankEmulator, Sdm120Emulator } from '../../mocks/index.ts';
import { type EmulatedInstrument, type EmulatedLine, Gateway, serveEmulator } from '../../src/index.ts';
import { Folder } from '../e2e/labwire-process.ts';

const folder = new Folder();
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** An instrument whose line does something to what is sent. */
class Wire implements EmulatedInstrument {
  readonly #instrument: EmulatedInstrument;
  /** Returns what the gateway sends, as a two-wire adapter that hears itself. */
  echo = false;
  /** What reaches the gateway of an answer. */
  change: (answer: Buffer) => Buffer = (answer) => answer;

  constructor(instrument: EmulatedInstrument) {
    this.#instrument = instrument;
  }

  connect(line: EmulatedLine): void {
    this.#instrument.connect({
      send: (bytes) => line.send(this.change(Buffer.from(bytes as Uint8Array))),
      onReceive: (listener) =>
        line.onReceive((bytes) => {
          if (this.echo) line.send(Buffer.from(bytes));
          listener(bytes);
        }),
    });
  }

  disconnect(): void {
    this.#instrument.disconnect();
  }
}

/** A gateway with the device `meter` at a real pseudo-terminal, and what it says on MQTT. */
async function metered(instrument: EmulatedInstrument, device: { model: string } & Record<string, unknown>) {
  const path = folder.file('meter');
  const served = await serveEmulator(() => instrument, { pty: path });
  endings.push(() => served.stop());
  const gateway = new Gateway(
    {
      gateway: { id: 'lab' },
      server: { port: 0 },
      mqtt: { embedded: { port: 0 } },
      devices: {
        meter: { port: { path }, interval: '100ms', timing: { firstByte: '20s', reply: '20s', retries: 1 }, ...device },
      },
    },
    { drivers, models: [models] },
  );
  await gateway.start();
  endings.push(() => gateway.stop());
  const client = await mqtt.connectAsync(gateway.brokerUrl ?? '');
  endings.push(() => client.endAsync());
  const last = new Map<string, string>();
  client.on('message', (topic, payload) => last.set(topic.replace('labwire/lab/meter/', ''), payload.toString()));
  await client.subscribeAsync('labwire/lab/meter/#');
  const json = (topic: string) => JSON.parse(last.get(topic) ?? '{}');
  return { json, value: (channel: string) => json(`channels/${channel}`).value };
}

const until = (condition: () => boolean): Promise<void> => expect.poll(condition, { interval: 20 }).toBe(true);

const one = { modbus: { channels: { level: { holding: 500 } } } };

describe('a Modbus device on a serial line', () => {
  it('has the channels of its catalogue entry with their units', async () => {
    const { json, value } = await metered(new Sdm120Emulator(), { model: 'eastron-sdm120' });
    const isWhole = (): boolean => value('apparent_power') !== undefined && json('health').state === 'online';
    await until(() => value('energy_total') > 1234 && isWhole());
    expect(value('voltage')).toBeCloseTo(230.2, -1);
    expect(value('power')).toBeCloseTo(value('apparent_power') * 0.95, 0);
    expect(json('channels/reactive_power')).toMatchObject({ unit: 'var', quality: 'good' });
    expect(json('info')).toMatchObject({ manufacturer: 'Eastron', model: 'SDM120' });
    expect(json('health')).toMatchObject({ state: 'online', dropped: {} });
  });

  it('may speak ASCII, at another address', async () => {
    const emulator = new RegisterBankEmulator({ address: 7, mode: 'ascii' });
    const modbus = { mode: 'ascii', channels: { level: { holding: 500, scale: 0.1 }, door: { discrete: 3 } } };
    const { json, value } = await metered(emulator, { model: 'modbus', address: 7, modbus });
    await until(() => value('level') === 50 && value('door') === true);
    expect(json('health').dropped).toEqual({});
  });

  it('is read through an adapter that hears itself, though nobody said so', async () => {
    const wire = new Wire(new RegisterBankEmulator());
    wire.echo = true;
    const { json, value } = await metered(wire, { model: 'modbus', ...one });
    await until(() => value('level') === 500);
    expect(json('tasks/acquire').restarts).toBe(0);
  });

  it('counts answers with a wrong checksum as that, and asks again', async () => {
    const wire = new Wire(new RegisterBankEmulator());
    let answers = 0;
    wire.change = (answer) => {
      const damaged = Buffer.from(answer);
      if (++answers % 2 === 1) damaged[3] = 0x55;
      return damaged;
    };
    // The answer to a repetition may come too late as well, where the machine is busy.
    const timing = { reply: '2s', retries: 5 };
    const { json, value } = await metered(wire, { model: 'modbus', timing, ...one });
    await until(() => value('level') === 500 && json('info').dropped?.checksum > 0);
    expect(json('tasks/acquire').restarts).toBe(0);
  });

  it('says which registers it refuses, and gives the others', async () => {
    const modbus = { channels: { level: { holding: 500 }, none: { holding: 5000 } } };
    const { json, value } = await metered(new RegisterBankEmulator(), { model: 'modbus', modbus });
    await until(() => value('level') === 500 && json('channels/none').reason === 'rejected');
    expect(json('health').state).toBe('online');
  });

  it('that refuses everything is offline, and says why', async () => {
    const { json } = await metered(new ModbusEmulator(), { model: 'modbus', ...one });
    await until(() => json('health').code === 'REPLY_REJECTED');
    expect(json('health').message).toContain('holding register 500 of address 1: the device has no such address');
  });
});
