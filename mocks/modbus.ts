import { type Clock, type EmulatedInstrument, type EmulatedLine, systemClock } from '../src/index.ts';
import { asciiWire, type ModbusWire, rtuWire } from './modbus-wire.ts';

export interface ModbusEmulatorOptions {
  /** The address that it answers to, 1 to 247; default 1. */
  readonly address?: number;
  /** Default `rtu`. */
  readonly mode?: 'rtu' | 'ascii';
  /** From a question to its answer, in ms; default 0. */
  readonly delayMs?: number;
  readonly clock?: Clock;
}

/** Numbers of exceptions. */
const ILLEGAL_FUNCTION = 1;
const ILLEGAL_ADDRESS = 2;
const ILLEGAL_VALUE = 3;

const MOST_REGISTERS = 125;
const MOST_BITS = 2000;

/**
 * A device with Modbus registers, read by the functions 1 to 4. It answers only to its own address, so that several can
 * share a line; what it does not have it refuses with an exception, as the standard says.
 */
export class ModbusEmulator implements EmulatedInstrument {
  /** False: it does not answer, as one that is switched off while its adapter stays plugged in. */
  powered = true;
  /** Set: it answers every question with this exception. */
  exception: number | undefined;
  /** How many questions it was asked. */
  questions = 0;
  /** 16 bits by address; what is not here it does not have. */
  readonly input = new Map<number, number>();
  readonly holding = new Map<number, number>();
  readonly discrete = new Map<number, boolean>();
  readonly coils = new Map<number, boolean>();
  protected readonly clock: Clock;
  readonly #address: number;
  readonly #delayMs: number;
  readonly #wire: ModbusWire;
  readonly #answers = new Set<ReturnType<Clock['setTimer']>>();
  #line: EmulatedLine | undefined;
  #received: Buffer = Buffer.alloc(0);

  constructor({ address = 1, mode = 'rtu', delayMs = 0, clock = systemClock }: ModbusEmulatorOptions = {}) {
    this.#address = address;
    this.#delayMs = delayMs;
    this.#wire = mode === 'rtu' ? rtuWire : asciiWire;
    this.clock = clock;
  }

  connect(line: EmulatedLine): void {
    this.#line = line;
    line.onReceive((bytes) => this.#receive(bytes));
  }

  disconnect(): void {
    for (const answer of this.#answers) answer.cancel();
    this.#answers.clear();
    this.#line = undefined;
    this.#received = Buffer.alloc(0);
  }

  /** Sets an input register and the one after it to a number in single precision, its high word first. */
  setFloat(address: number, value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatBE(value);
    this.input.set(address, bytes.readUInt16BE(0));
    this.input.set(address + 1, bytes.readUInt16BE(2));
  }

  /** Called before each answer: an instrument that measures brings its registers up to date. */
  protected measure(): void {}

  #receive(bytes: Buffer): void {
    if (!this.powered) {
      this.#received = Buffer.alloc(0);
      return;
    }
    this.#received = Buffer.concat([this.#received, bytes]);
    for (;;) {
      const { request, rest } = this.#wire.next(this.#received);
      this.#received = rest;
      if (!request) return;
      if (request[0] === this.#address) this.#send(this.#answer(request));
    }
  }

  #send(answer: Buffer): void {
    if (this.#delayMs === 0) {
      this.#line?.send(answer);
      return;
    }
    const timer = this.clock.setTimer(() => {
      this.#answers.delete(timer);
      if (this.powered) this.#line?.send(answer);
    }, this.#delayMs);
    this.#answers.add(timer);
  }

  #answer(request: Buffer): Buffer {
    this.questions++;
    this.measure();
    const code = request[1] ?? 0;
    const data = this.exception ?? this.#data(code, request.readUInt16BE(2), request.readUInt16BE(4));
    const message =
      typeof data === 'number' ? [this.#address, code | 0x80, data] : [this.#address, code, data.length, ...data];
    return this.#wire.frame(Buffer.from(message));
  }

  /** The bytes that were asked for, or the number of an exception. */
  #data(code: number, start: number, count: number): Buffer | number {
    switch (code) {
      case 1:
        return bits(this.coils, start, count);
      case 2:
        return bits(this.discrete, start, count);
      case 3:
        return registers(this.holding, start, count);
      case 4:
        return registers(this.input, start, count);
      default:
        return ILLEGAL_FUNCTION;
    }
  }
}

function registers(table: ReadonlyMap<number, number>, start: number, count: number): Buffer | number {
  if (count < 1 || count > MOST_REGISTERS) return ILLEGAL_VALUE;
  const data = Buffer.alloc(2 * count);
  for (let index = 0; index < count; index++) {
    const register = table.get(start + index);
    if (register === undefined) return ILLEGAL_ADDRESS;
    data.writeUInt16BE(register & 0xffff, 2 * index);
  }
  return data;
}

function bits(table: ReadonlyMap<number, boolean>, start: number, count: number): Buffer | number {
  if (count < 1 || count > MOST_BITS) return ILLEGAL_VALUE;
  const data = Buffer.alloc(Math.ceil(count / 8));
  for (let index = 0; index < count; index++) {
    const bit = table.get(start + index);
    if (bit === undefined) return ILLEGAL_ADDRESS;
    const at = index >> 3;
    if (bit) data[at] = (data[at] ?? 0) | (1 << (index & 7));
  }
  return data;
}
