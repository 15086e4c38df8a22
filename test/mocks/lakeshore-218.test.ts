import { expect, test } from 'vitest';
import { FakeClock, LakeShore218Emulator, type LakeShore218EmulatorOptions } from '../../mocks/index.ts';

/** An emulator with the gateway's end of its line. */
function emulated(options: LakeShore218EmulatorOptions = {}) {
  const instrument = new LakeShore218Emulator(options);
  const said: string[] = [];
  let receive: (bytes: Buffer) => void = () => {};
  instrument.connect({
    send: (bytes) => said.push(typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1')),
    onReceive: (listener) => {
      receive = listener;
    },
  });
  return { instrument, said, tell: (text: string) => receive(Buffer.from(text, 'latin1')) };
}

test('says who it is', () => {
  const { said, tell } = emulated({ serialNumber: 'LSA7' });
  tell('*IDN?\r\n');
  expect(said).toEqual(['LSCI,MODEL218S,LSA7,1.3\r\n']);
});

test('answers for one input and for all', () => {
  const { instrument, said, tell } = emulated();
  for (let number = 1; number <= 8; number++) instrument.input(number).kelvin = number + 0.5;
  instrument.input(8).kelvin = -0.0125;
  instrument.input(2).status = 32;
  tell('KRDG? 1\r\nKRDG? 0\r\nRDGST? 2\r\nRDGST? 3\r\n');
  expect(said).toEqual([
    '+001.500\r\n',
    '+001.500,+002.500,+003.500,+004.500,+005.500,+006.500,+007.500,-000.013\r\n',
    '032\r\n',
    '000\r\n',
  ]);
});

test('takes a question in pieces, and ignores what it does not know', () => {
  const { said, tell } = emulated();
  for (const piece of ['RDG', 'ST? ', '1', '\r', '\n']) tell(piece);
  tell('FOO?\r\nKRDG? 9\r\nRDGST? 0\r\nKRDG?\r\n\r\n');
  expect(said).toEqual(['000\r\n']);
});

test('holds no more than a question of noise', () => {
  const { said, tell } = emulated();
  for (let count = 0; count < 100; count++) tell('x'.repeat(10_000));
  tell('\r\n*IDN?\r\n');
  expect(said).toHaveLength(1);
});

test('is silent while it is off, and forgets what it had heard', () => {
  const { instrument, said, tell } = emulated();
  tell('*ID');
  instrument.powered = false;
  tell('*IDN?\r\n');
  instrument.powered = true;
  tell('N?\r\n');
  expect(said).toEqual([]);
  tell('*IDN?\r\n');
  expect(said).toHaveLength(1);
});

test('takes its time, in which it can be disconnected', async () => {
  const clock = new FakeClock();
  const { instrument, said, tell } = emulated({ delayMs: 20, clock });
  tell('RDGST? 1\r\n');
  await clock.advance(19);
  expect(said).toEqual([]);
  await clock.advance(1);
  expect(said).toEqual(['000\r\n']);
  tell('RDGST? 1\r\n');
  instrument.disconnect();
  expect(clock.pending).toBe(0);
});

test('swings slowly about its temperature where it is told to', async () => {
  const clock = new FakeClock();
  const { instrument, said, tell } = emulated({ drift: 1, clock });
  instrument.input(1).kelvin = 100;
  for (let second = 0; second < 60; second++) {
    tell('KRDG? 1\r\n');
    await clock.advance(1000);
  }
  const kelvin = said.map(Number);
  expect(Math.max(...kelvin)).toBeCloseTo(101, 1);
  expect(Math.min(...kelvin)).toBeCloseTo(99, 1);
});

test('has eight inputs', () => {
  expect(() => emulated().instrument.input(9)).toThrow(RangeError);
});
