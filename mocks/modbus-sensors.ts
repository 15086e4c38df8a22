import { ModbusEmulator, type ModbusEmulatorOptions } from './modbus.ts';

const SWING_S = 60;

/** Between -1 and 1, once round in a minute; each address at another point of it. */
function swing(microseconds: number, phase: number): number {
  return Math.sin(2 * Math.PI * (microseconds / 1_000_000 / SWING_S + phase));
}

/** A thousand input and holding registers, each of which holds its own address, and as many bits, every other one set. */
export class RegisterBankEmulator extends ModbusEmulator {
  constructor(options: ModbusEmulatorOptions = {}) {
    super(options);
    for (let address = 0; address < 1000; address++) {
      this.input.set(address, address);
      this.holding.set(address, address);
      this.discrete.set(address, address % 2 === 1);
      this.coils.set(address, address % 2 === 1);
    }
  }
}

/** An Eastron SDM120 before a load whose power slowly changes. Its energy grows with the power. */
export class Sdm120Emulator extends ModbusEmulator {
  /** Registers that it has, with or without a meaning: reads across them are answered. */
  static readonly #RANGES = [
    [0x0000, 0x0060],
    [0x0150, 0x0160],
  ] as const;
  readonly #phase: number;
  #kilowattHours = 1234.5;
  #lastUs: number;

  constructor(options: ModbusEmulatorOptions = {}) {
    super(options);
    this.#phase = (options.address ?? 1) / 16;
    this.#lastUs = this.clock.now();
    for (const [first, end] of Sdm120Emulator.#RANGES)
      for (let register = first; register < end; register++) this.input.set(register, 0);
  }

  protected override measure(): void {
    const now = this.clock.now();
    const volts = 230.2 + 1.5 * swing(now, this.#phase);
    const amperes = 4.3 + 2 * swing(now, this.#phase + 0.3);
    const factor = 0.95;
    const watts = volts * amperes * factor;
    // A clock that was set back does not take energy away.
    this.#kilowattHours += (watts / 1000) * Math.max(0, (now - this.#lastUs) / 3_600_000_000);
    this.#lastUs = now;
    this.setFloat(0x0000, volts);
    this.setFloat(0x0006, amperes);
    this.setFloat(0x000c, watts);
    this.setFloat(0x0012, volts * amperes);
    this.setFloat(0x0018, volts * amperes * Math.sqrt(1 - factor ** 2));
    this.setFloat(0x001e, factor);
    this.setFloat(0x0046, 50 + 0.02 * swing(now, this.#phase + 0.6));
    this.setFloat(0x0048, this.#kilowattHours);
    this.setFloat(0x004a, 0);
    this.setFloat(0x0156, this.#kilowattHours);
  }
}

/** An XY-MD02 in a room whose air slowly changes. */
export class XyMd02Emulator extends ModbusEmulator {
  /** In °C and %, the middle of the swing. */
  temperature = 21.5;
  humidity = 45;
  readonly #phase: number;

  constructor(options: ModbusEmulatorOptions = {}) {
    super(options);
    this.#phase = (options.address ?? 1) / 16;
    this.measure();
  }

  protected override measure(): void {
    const turn = swing(this.clock.now(), this.#phase);
    // Tenths, two's complement.
    this.input.set(1, Math.round(10 * (this.temperature + 0.4 * turn)) & 0xffff);
    this.input.set(2, Math.round(10 * (this.humidity - 2 * turn)));
  }
}
