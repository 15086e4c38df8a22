import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DO, DONT, type Verb, WILL, WONT } from '../../../src/port/transport/telnet-codec.ts';
import { TelnetOptions } from '../../../src/port/transport/telnet-options.ts';

const ECHO = 1;

describe('the negotiation of Telnet options', () => {
  it('offers what it wants, and takes an agreement without another word', () => {
    const options = new TelnetOptions([44], [0]);
    expect(options.offers()).toEqual(Buffer.from([255, WILL, 44, 255, DO, 0]));
    expect([options.ours(44), options.theirs(0)]).toEqual(['asked', 'asked']);
    expect(options.receive(DO, 44)).toBeUndefined();
    expect(options.receive(WONT, 0)).toBeUndefined();
    expect([options.ours(44), options.theirs(0)]).toEqual(['agreed', 'refused']);
  });

  it('refuses what it does not want once, and anew when it was withdrawn meanwhile', () => {
    const options = new TelnetOptions([44], []);
    expect(options.receive(WILL, ECHO)).toEqual(Buffer.from([255, DONT, ECHO]));
    expect(options.receive(DO, ECHO)).toEqual(Buffer.from([255, WONT, ECHO]));
    expect(options.receive(WILL, ECHO)).toBeUndefined();
    expect(options.receive(WONT, ECHO)).toBeUndefined();
    expect(options.receive(WILL, ECHO)).toEqual(Buffer.from([255, DONT, ECHO]));
    expect(options.theirs(ECHO)).toBe('refused');
  });

  it('follows a change of mind', () => {
    const options = new TelnetOptions([44], []);
    options.receive(DO, 44);
    expect(options.receive(DONT, 44)).toEqual(Buffer.from([255, WONT, 44]));
    expect(options.receive(DONT, 44)).toBeUndefined();
    expect(options.receive(DO, 44)).toEqual(Buffer.from([255, WILL, 44]));
    expect(options.ours(44)).toBe('agreed');
  });

  it('comes to rest with another of its kind, whatever was said before', () => {
    const verb = fc.constantFrom<Verb>(WILL, WONT, DO, DONT);
    fc.assert(
      fc.property(fc.array(fc.tuple(verb, fc.nat(4)), { maxLength: 30 }), (before) => {
        const sides = [new TelnetOptions([0, 1, 2], [0, 3]), new TelnetOptions([0, 3], [0, 1])] as const;
        let said = before.map(([verb, option]) => [255, verb, option]);
        for (let turn = 0; said.length > 0; turn++) {
          expect(turn).toBeLessThan(10);
          const answers = said.map(([, verb, option]) =>
            sides[turn % 2 === 0 ? 0 : 1].receive(verb as Verb, option as number),
          );
          said = answers.flatMap((answer) => (answer ? [[...answer]] : []));
        }
      }),
      {
        examples: [
          [
            [
              [WONT, 0],
              [WILL, 0],
              [WONT, 0],
              [WILL, 0],
            ],
          ],
        ],
        numRuns: 1000,
      },
    );
  });
});
