import { describe, expect, test } from 'vitest';
import { ModbusEmulator, Sdm120Emulator, XyMd02Emulator } from '../../mocks/index.ts';
import { FakeClock } from '../../src/index.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** Instruments on one line: what is said to all, and what they say. */
class Line {
  readonly said: string[] = [];
  readonly #receivers: ((bytes: Buffer) => void)[] = [];

  constructor(...emulators: ModbusEmulator[]) {
    for (const emulator of emulators) {
      emulator.connect({
        send: (answer) =>
          void this.said.push(
            Buffer.from(answer as Uint8Array)
              .toString('hex')
              .toUpperCase()
              .replaceAll(/..(?!$)/g, '$& '),
          ),
        onReceive: (receiver) => void this.#receivers.push(receiver),
      });
    }
  }

  ask(...chunks: (string | Buffer)[]): string[] {
    for (const chunk of chunks)
      for (const receive of this.#receivers) receive(typeof chunk === 'string' ? bytes(chunk) : chunk);
    return this.said.splice(0);
  }
}

function bank(options = {}): ModbusEmulator {
  const emulator = new ModbusEmulator(options);
  for (const [address, value] of [0x4366, 0x3334].entries()) emulator.input.set(address, value);
  emulator.holding.set(0x1000, 0xfdde);
  for (let address = 0; address < 10; address++) emulator.coils.set(address, address % 3 === 0);
  return emulator;
}

const question = '01 04 00 00 00 02 71 CB';
const answer = '01 04 04 43 66 33 34 1B 38';

describe('a Modbus emulator', () => {
  test('answers as the specification and real devices do', () => {
    const line = new Line(bank());
    expect(line.ask(question)).toEqual([answer]);
    expect(line.ask('01 01 00 00 00 0A BC 0D')).toEqual(['01 01 02 49 02 0F AD']);
    expect(line.ask('01 03 10 00 00 01 80 CA')).toEqual(['01 03 02 FD DE 78 8C']);
  });

  test('takes questions in any pieces, behind noise, and one after the other', () => {
    const line = new Line(bank());
    expect(line.ask(...question.split(' '))).toEqual([answer]);
    expect(line.ask(`00 01 04 ${question} ${question}`)).toEqual([answer, answer]);
  });

  test('does not answer a question that is damaged', () => {
    const line = new Line(bank());
    expect(line.ask('01 04 00 00 00 02 71 CC')).toEqual([]);
    expect(line.ask(question)).toEqual([answer]);
  });

  test('refuses what it does not have with an exception', () => {
    const line = new Line(bank());
    expect(line.ask('01 04 00 01 00 02 20 0B')).toEqual(['01 84 02 C2 C1']);
    expect(line.ask('01 04 00 00 00 00 F0 0A')).toEqual(['01 84 03 03 01']);
    expect(line.ask('01 06 00 01 00 55 18 35')).toEqual(['01 86 01 83 A0']);
  });

  test('answers everything with an exception when it is told to', () => {
    const emulator = bank();
    emulator.exception = 6;
    expect(new Line(emulator).ask(question)).toEqual(['01 84 06 C3 02']);
  });

  test('shares a line with others, each at its own address', () => {
    const [one, two] = [bank(), bank({ address: 2 })];
    const line = new Line(one, two);
    expect(line.ask(question)).toEqual([answer]);
    expect(line.ask('02 04 00 00 00 02 71 F8')).toEqual(['02 04 04 43 66 33 34 28 38']);
    expect([one.questions, two.questions]).toEqual([1, 1]);
  });

  test('speaks ASCII', () => {
    const line = new Line(bank({ mode: 'ascii', address: 7 }));
    const [said] = line.ask(Buffer.from('READY\r\n:070310000001E4\r\n:0703100'), Buffer.from('00001E5\r\n'));
    expect(bytes(said ?? '').toString()).toBe(':070302FDDE19\r\n');
  });

  test('is silent while it is off, and answers after its time', async () => {
    const clock = new FakeClock();
    const emulator = bank({ clock, delayMs: 50 });
    const line = new Line(emulator);
    expect(line.ask(question)).toEqual([]);
    await clock.advance(50);
    expect(line.said.splice(0)).toEqual([answer]);
    emulator.powered = false;
    line.ask(question);
    await clock.advance(50);
    expect(line.said).toEqual([]);
  });

  test('keeps no timer when it is disconnected', () => {
    const clock = new FakeClock();
    const emulator = bank({ clock, delayMs: 50 });
    new Line(emulator).ask(question);
    expect(clock.pending).toBe(1);
    emulator.disconnect();
    expect(clock.pending).toBe(0);
  });
});

test('an emulated XY-MD02 measures the air, below zero too', () => {
  const emulator = new XyMd02Emulator({ clock: new FakeClock(0) });
  emulator.temperature = -5.9;
  const [said = ''] = new Line(emulator).ask('01 04 00 01 00 02 20 0B');
  const data = bytes(said);
  expect(data.readInt16BE(3) / 10).toBeCloseTo(-5.9 + 0.4 * Math.sin(Math.PI / 8), 1);
  expect(data.readInt16BE(5) / 10).toBeCloseTo(45 - 2 * Math.sin(Math.PI / 8), 1);
});

test('an emulated SDM120 measures a load that uses energy', async () => {
  const clock = new FakeClock();
  const line = new Line(new Sdm120Emulator({ clock }));
  const read = (hex: string): number => bytes(line.ask(hex)[0] ?? '').readFloatBE(3);
  const before = read('01 04 00 48 00 02 F1 DD');
  expect(read('01 04 00 00 00 02 71 CB')).toBeGreaterThan(228);
  await clock.advance(3_600_000);
  expect(read('01 04 00 48 00 02 F1 DD') - before).toBeGreaterThan(0.3);
});
