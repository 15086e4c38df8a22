import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/index.ts';
import { configSchema } from '../../src/config/index.ts';
import { compose, planDevices } from '../../src/gateway/composition.ts';
import { type ModelInput, z } from '../../src/index.ts';
import { Thermometer, thermometerModel } from './thermometer.ts';

/** Asked `3T?`, the one with the address 3 answers. */
class AddressedThermometer extends Thermometer {
  static readonly address = z.number().int().min(1).max(9);

  static exchanges(_options: unknown, channels: readonly string[]) {
    return channels.includes('temperature') ? [{ sent: 4, received: 200 }] : [];
  }
}

const addressed: ModelInput = {
  ...thermometerModel,
  id: 'thermo-9',
  driver: 'addressed',
  address: 1,
  serial: { baudRate: 9600 },
};
const parts = compose(
  {
    emulators: { 'thermo-9': () => ({ connect: () => {}, disconnect: () => {} }) },
    drivers: { thermometer: Thermometer, addressed: AddressedThermometer },
    models: [
      thermometerModel,
      addressed,
      { ...addressed, id: 'thermo-0', address: 0 },
      { ...addressed, id: 'thermo-fast', serial: { baudRate: 19_200 } },
    ],
  },
  silentLogger,
);

function planned(devices: Record<string, object>, ports: object = { bus1: { path: '/dev/ttyX' } }) {
  const full = Object.fromEntries(
    Object.entries(devices).map(([id, device]) => [id, { model: 'thermo-9', port: 'bus1', ...device }]),
  );
  const plans = planDevices(configSchema([]).parse({ ports, devices: full }), parts);
  return { ...plans, said: plans.issues.map(({ severity, message }) => `${severity}: ${message}`) };
}

describe('devices that name one of "ports"', () => {
  it('share one line, whose settings are those of the models under its own', () => {
    const { lines, said } = planned(
      { a: { address: 1 }, b: { address: 2 }, c: { port: { path: '/dev/ttyY' } } },
      { bus1: { path: '/dev/ttyX', serial: { parity: 'even', echo: true }, timing: { spacing: 0.02, settle: 0.1 } } },
    );
    expect(said).toEqual([]);
    expect(lines.get('a')).toEqual({
      id: 'bus1',
      shared: true,
      port: { path: '/dev/ttyX' },
      serial: { baudRate: 9600, dataBits: 8, parity: 'even', stopBits: 1, echo: true },
      settle: 0.1,
      spacing: 0.02,
    });
    expect(lines.get('b')).toBe(lines.get('a'));
    expect(lines.get('c')).toMatchObject({ id: 'c', shared: false, port: { path: '/dev/ttyY' } });
  });

  it('have different addresses, that of the model where none is given', () => {
    expect(planned({ a: {}, b: { address: 1 }, c: {} }).said).toEqual([
      'error: devices.b.address has the address 1 on bus1, as a has; give them different ones',
      'error: devices.c has the address 1 on bus1, as a has; give them different ones',
    ]);
  });

  it('are of drivers that know addresses; one alone need not be', () => {
    expect(planned({ a: {}, b: { model: 'thermo-1' } }).said).toEqual([
      'error: devices.b.port is bus1, which other devices share, but instruments with the driver "thermometer" have no addresses; give it a port of its own',
    ]);
    expect(planned({ b: { model: 'thermo-1' } }).said).toEqual([]);
  });

  it('agree on how the line is set, or the line says it', () => {
    const devices = { a: {}, b: { model: 'thermo-fast', address: 2 } };
    expect(planned(devices).said).toEqual([
      'error: devices.b.model makes it differ in baudRate (19200, 9600) from a on the same line; say under ports.bus1.serial how the line is set',
    ]);
    const { lines, said } = planned(devices, { bus1: { path: '/dev/ttyX', serial: { baudRate: 38_400 } } });
    expect(said).toEqual([]);
    expect(lines.get('b')?.serial).toMatchObject({ baudRate: 38_400 });
  });

  it('say nothing of the line themselves', () => {
    expect(planned({ a: { serial: { baudRate: 1200 } } }).said).toEqual([
      'error: devices.a.serial belongs to the line that the device shares: move it to ports.bus1.serial',
    ]);
  });

  it('name one that is there', () => {
    expect(planned({ a: { port: 'bus2' } }).said).toEqual([
      'error: devices.a.port is "bus2", and "ports" has no line of that name. Did you mean "bus1"?',
      'warning: ports.bus1 is used by no device',
    ]);
  });
});

describe('the address of a device', () => {
  it.each([
    [{ address: 12 }, 'error: devices.a.address must be at most 9, is 12'],
    [
      { model: 'thermo-0' },
      'error: devices.a.model names thermo-0, whose address is refused: it must be at least 1, is 0',
    ],
    [
      { model: 'thermo-1', address: 3 },
      'error: devices.a.address is given, but the driver "thermometer" knows no addresses',
    ],
  ])('is refused in %j', (device, message) => {
    expect(planned({ a: device }).said).toEqual([message]);
  });
});

describe('a plan that cannot be kept', () => {
  it('is a warning: the whole line’s, or that of the device alone', () => {
    // 204 bytes at 9600 baud are 212.5 ms, and 20 ms of turn-around.
    const { said } = planned({ a: { interval: 0.4 }, b: { interval: 0.4, address: 2 } });
    expect(said).toEqual([
      'warning: ports.bus1 is asked for 116 % of the time that there is: ask less often (interval), set a higher baud rate, or switch channels off',
    ]);
    expect(planned({ a: { interval: 0.2, port: { path: '/dev/ttyY' } } }, {}).said).toEqual([
      'warning: devices.a asks for 116 % of the time that its line has: ask less often (interval), set a higher baud rate, or switch channels off',
    ]);
  });

  it('is found with the interval that the driver has by itself, too', () => {
    const five = Object.fromEntries([1, 2, 3, 4, 5].map((address) => [`d${address}`, { address }]));
    // Five times 232.5 ms, in a second.
    expect(planned(five).said).toEqual([expect.stringMatching(/asked for 116 % of the time/)]);
  });

  it('is none where it fits, where nothing is asked, or where the line is emulated', () => {
    expect(planned({ a: { interval: 0.5 }, b: { interval: 0.5, address: 2 } }).said).toEqual([]);
    expect(planned({ a: { interval: 0.1, channels: { temperature: false } } }).said).toEqual([]);
    expect(planned({ a: { interval: 0.1 } }, { bus1: { emulated: true } }).said).toEqual([]);
  });
});
