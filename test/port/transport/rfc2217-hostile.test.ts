import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/index.ts';
import type { Connection } from '../../../src/port/index.ts';
import { Rfc2217Connection } from '../../../src/port/transport/rfc2217-connection.ts';

const IAC = 255;
const never = new AbortController().signal;
/** Agreement to all that is offered, and the answers to the default settings. */
const AGREED = Buffer.from('fffd00fffd03fffd2c', 'hex');
const ANSWERS = Buffer.from('fffa2c6500002580fff0fffa2c6608fff0fffa2c6701fff0fffa2c6801fff0fffa2c6901fff0', 'hex');

it('bears any bytes of a server, however they are cut, and answers no more than it is asked', async () => {
  const hostile = fc
    .array(fc.oneof(fc.constantFrom(IAC, IAC, 250, 240, 251, 252, 253, 254, 44, 0, 108, 109, 112), fc.nat(255)), {
      maxLength: 300,
    })
    .map((bytes) => Buffer.from(bytes));
  await fc.assert(
    fc.asyncProperty(hostile, fc.array(fc.nat(300), { maxLength: 10 }), async (bytes, cuts) => {
      const clock = new FakeClock();
      let answered = 0;
      let closed = false;
      let losses = 0;
      const socket: Connection = {
        write: async (sent) => {
          answered += sent.length;
        },
        flush: async () => {},
        close: async () => {
          closed = true;
        },
      };
      const data = (): void => {};
      const lost = (): void => void losses++;
      const connection = new Rfc2217Connection('rfc2217://test:1', { data, lost }, clock);
      const establishing = connection.establish(socket, {}, never);
      connection.events.data(AGREED);
      await Promise.resolve();
      await Promise.resolve();
      connection.events.data(ANSWERS);
      await establishing;
      answered = 0;
      const places = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
      for (const [index, start] of [0, ...places].entries())
        connection.events.data(bytes.subarray(start, places[index] ?? bytes.length));
      expect(answered).toBeLessThanOrEqual(bytes.length);
      expect(losses).toBeLessThanOrEqual(1);
      await connection.close();
      expect([closed, clock.pending]).toEqual([true, 0]);
    }),
  );
});
