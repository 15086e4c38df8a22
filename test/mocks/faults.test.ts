import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  delay,
  drop,
  duplicate,
  type EmulatedInstrument,
  echo,
  FakeClock,
  type Fault,
  FaultyInstrument,
  flip,
  LakeShore218Emulator,
  LineEmulator,
  late,
  noise,
  previous,
  split,
} from '../../mocks/index.ts';

/** Answers each question with itself and the number of questions since its power-up. */
class Counter implements EmulatedInstrument {
  answers = 0;
  isOn = false;
  readonly asked: string[] = [];

  connect(line: Parameters<EmulatedInstrument['connect']>[0]): void {
    this.isOn = true;
    line.onReceive((bytes) => {
      this.asked.push(bytes.toString('latin1'));
      line.send(`${bytes.toString('latin1')}=${++this.answers}`);
    });
  }

  disconnect(): void {
    this.isOn = false;
  }
}

function bench(seed = 1, source: Counter | (() => Counter) = new Counter()) {
  const clock = new FakeClock();
  const faulty = new FaultyInstrument(source, { clock, seed });
  const heard: { text: string; at: number }[] = [];
  let receive = (_bytes: Buffer): void => {};
  faulty.connect({
    send: (bytes) => heard.push({ text: Buffer.from(bytes as Buffer).toString('latin1'), at: clock.monotonic() }),
    onReceive: (listener) => {
      receive = listener;
    },
  });
  const ask = (text: string): void => receive(Buffer.from(text, 'latin1'));
  const texts = (): string[] => heard.map(({ text }) => text);
  return { clock, faulty, heard, ask, texts };
}

/** What becomes of one answer. */
async function disturbed(fault: Fault, question = 'question', seed = 1) {
  const { clock, faulty, heard, ask } = bench(seed);
  faulty.answers.next(fault);
  ask(question);
  await clock.advance(100_000);
  return { heard, whole: heard.map(({ text }) => text).join(''), counts: faulty.answers.counts };
}

describe('an instrument without faults', () => {
  it('passes everything at once, both ways', () => {
    const { faulty, ask, texts } = bench();
    ask('a');
    ask('b');
    expect(texts()).toEqual(['a=1', 'b=2']);
    expect([faulty.answers.counts, faulty.questions.counts]).toEqual([{}, {}]);
  });
});

describe('a fault', () => {
  it('drop loses the message, or some bytes in a row', async () => {
    expect((await disturbed(drop())).heard).toEqual([]);
    const { whole, counts } = await disturbed(drop({ bytes: 3 }));
    expect(whole).toHaveLength('question=1'.length - 3);
    expect('question=1').toMatch(new RegExp(`^${whole.replace(/./g, '$&.{0,3}')}$`));
    expect(counts).toEqual({ drop: 1 });
    expect((await disturbed(drop({ bytes: 100 }))).heard).toEqual([]);
  });

  it('delay holds back what follows too, and late is later than the limit', async () => {
    const { clock, faulty, heard, ask } = bench();
    faulty.answers.next(delay(200));
    ask('a');
    await clock.advance(50);
    ask('b');
    await clock.advance(1_000);
    ask('c');
    expect(heard).toEqual([
      { text: 'a=1', at: 200 },
      { text: 'b=2', at: 200 },
      { text: 'c=3', at: 1_050 },
    ]);
    expect((await disturbed(late(1_000))).heard[0]?.at).toBe(1_050);
  });

  it('split sends pieces with pauses', async () => {
    const { heard, whole } = await disturbed(split({ pieces: 4, pauseMs: 20 }));
    expect(heard.map(({ at }) => at)).toEqual([0, 20, 40, 60]);
    expect(heard.every(({ text }) => text.length > 0)).toBe(true);
    expect(whole).toBe('question=1');
    expect((await disturbed(split({ pieces: 100 }), 'q')).heard.map(({ text }) => text)).toEqual(['q', '=', '1']);
  });

  it('duplicate sends the message several times', async () => {
    const { heard } = await disturbed(duplicate({ times: 3, pauseMs: 5 }));
    expect(heard.map(({ text, at }) => `${text} ${at}`)).toEqual(['question=1 0', 'question=1 5', 'question=1 10']);
  });

  it('flip turns over so many bits at most', async () => {
    const bitsApart = (text: string): number => {
      const own = Buffer.from('question=1');
      const other = Buffer.from(text, 'latin1');
      return own.reduce(
        (sum, byte, place) => sum + (byte ^ (other[place] ?? 0)).toString(2).replaceAll('0', '').length,
        0,
      );
    };
    for (let seed = 0; seed < 50; seed++) {
      expect(bitsApart((await disturbed(flip(), 'question', seed)).whole)).toBe(1);
      expect(bitsApart((await disturbed(flip({ bits: 3 }), 'question', seed)).whole)).toBeLessThanOrEqual(3);
    }
  });

  it('noise inserts bytes before, within or after', async () => {
    expect((await disturbed(noise({ bytes: 2, where: 'before' }))).whole).toMatch(/^.{2}question=1$/s);
    expect((await disturbed(noise({ bytes: 2, where: 'after' }))).whole).toMatch(/^question=1.{2}$/s);
    expect((await disturbed(noise())).whole).toHaveLength('question=1'.length + 8);
  });

  it('previous answers the question before', () => {
    const { faulty, ask, texts } = bench();
    const end = faulty.answers.always(previous());
    for (const question of ['a', 'b', 'c']) ask(question);
    end();
    ask('d');
    expect(texts()).toEqual(['a=1', 'b=2', 'd=4']);
    expect(faulty.answers.counts).toEqual({ previous: 3 });
  });

  it('echo sends a question back, and the answer after it', () => {
    const { faulty, ask, texts } = bench();
    faulty.questions.always(echo());
    ask('a');
    expect(texts()).toEqual(['a', 'a=1']);
  });

  it('hits what arrives at the instrument as well', () => {
    const { faulty, ask, texts } = bench();
    faulty.questions.next(drop());
    ask('a');
    ask('b');
    expect(texts()).toEqual(['b=1']);
    expect(faulty.questions.counts).toEqual({ drop: 1 });
  });
});

describe('faults', () => {
  it('are made for one message each, in the order of the calls, and several for one act together', async () => {
    const { clock, faulty, heard, ask } = bench();
    faulty.answers.next(drop());
    faulty.answers.next(duplicate(), delay(10));
    for (const question of ['a', 'b', 'c']) ask(question);
    await clock.advance(1_000);
    expect(heard).toEqual([
      { text: 'b=2', at: 10 },
      { text: 'b=2', at: 20 },
      { text: 'c=3', at: 20 },
    ]);
    expect(faulty.answers.counts).toEqual({ drop: 1, duplicate: 1, delay: 1 });
  });

  it('that stand hit about the part of the messages that was said, and the same ones with the same seed', () => {
    const run = (seed: number): string[] => {
      const { faulty, ask, texts } = bench(seed);
      faulty.answers.always(drop(), { rate: 0.25 });
      for (let question = 0; question < 1_000; question++) ask('q');
      expect(faulty.answers.counts.drop).toBe(1_000 - texts().length);
      return texts();
    };
    const survivors = run(7);
    expect(survivors.length).toBeGreaterThan(700);
    expect(survivors.length).toBeLessThan(800);
    expect(run(7)).toEqual(survivors);
    expect(run(8)).not.toEqual(survivors);
  });

  it('end when they are cleared', () => {
    const { faulty, ask, texts } = bench();
    faulty.answers.always(drop());
    faulty.answers.next(drop(), drop());
    faulty.answers.clear();
    ask('a');
    expect(texts()).toEqual(['a=1']);
  });

  it('of any kind in any row leave no timer, nothing empty, and no more than was made', async () => {
    const fault = fc.constantFrom(
      drop(),
      drop({ bytes: 2 }),
      delay(5),
      late(10),
      split({ pieces: 3 }),
      duplicate({ times: 3 }),
      flip({ bits: 2 }),
      noise({ bytes: 3 }),
      previous(),
      echo(),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fault, { maxLength: 4 }), { maxLength: 10 }),
        fc.integer(),
        fc.boolean(),
        async (each, seed, asks) => {
          const { clock, faulty, heard, ask } = bench(seed);
          const way = asks ? faulty.questions : faulty.answers;
          for (const faults of each) way.next(...faults);
          for (const _ of each) ask('question');
          await clock.advance(10_000);
          expect(clock.pending).toBe(0);
          expect(heard.every(({ text }) => text.length > 0)).toBe(true);
          expect(Object.values(way.counts).reduce((sum, count) => sum + count, 0)).toBe(each.flat().length);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('hold no more than ten thousand pieces back', async () => {
    const { clock, faulty, ask, heard } = bench();
    faulty.answers.next(delay(1_000));
    for (let question = 0; question < 10_005; question++) ask('q');
    expect(faulty.answers.counts).toEqual({ delay: 1, overrun: 5 });
    await clock.advance(1_000);
    expect(heard).toHaveLength(10_000);
  });
});

describe('an instrument that hangs', () => {
  it('hears and says nothing until it is released, and makes nothing good', async () => {
    const { clock, faulty, ask, texts } = bench();
    faulty.answers.next(delay(100));
    ask('a');
    faulty.hang();
    ask('b');
    await clock.advance(1_000);
    expect(texts()).toEqual([]);
    faulty.resume();
    ask('c');
    expect(texts()).toEqual(['c=2']);
    expect(faulty.questions.counts).toEqual({ lost: 1 });
    expect(clock.pending).toBe(0);
  });

  it('loses what a talker says meanwhile', async () => {
    const clock = new FakeClock();
    const faulty = new FaultyInstrument(new LineEmulator({ clock, bootMs: 100, intervalMs: 100 }), { clock });
    let said = 0;
    faulty.connect({ send: () => said++, onReceive: () => {} });
    await clock.advance(300);
    faulty.hang();
    await clock.advance(500);
    faulty.resume();
    await clock.advance(200);
    expect(said).toBe(5);
    expect(faulty.answers.counts).toEqual({ lost: 5 });
    faulty.disconnect();
    expect(clock.pending).toBe(0);
  });
});

describe('an instrument that reboots', () => {
  it('is silent, says its banner, and knows nothing of before', async () => {
    const { clock, faulty, heard, ask, texts } = bench(1, () => new Counter());
    ask('a');
    ask('b');
    const before = faulty.instrument;
    faulty.reboot({ seconds: 2, banner: 'ready\r\n' });
    expect(before.isOn).toBe(false);
    ask('c');
    await clock.advance(1_999);
    expect(texts()).toEqual(['a=1', 'b=2']);
    await clock.advance(1);
    ask('d');
    expect(heard.slice(2)).toEqual([
      { text: 'ready\r\n', at: 2_000 },
      { text: 'd=1', at: 2_000 },
    ]);
    expect(faulty.instrument).not.toBe(before);
    expect(faulty.questions.counts).toEqual({ lost: 1 });
  });

  it('stays the same one where it was given as it is, and no longer hangs', async () => {
    const { clock, faulty, ask, texts } = bench();
    faulty.hang();
    faulty.reboot();
    await clock.advance(2_000);
    ask('a');
    expect(texts()).toEqual(['a=1']);
  });

  it('begins anew when it is rebooted again, and ends with its power', async () => {
    const { clock, faulty, texts } = bench();
    faulty.reboot({ seconds: 2, banner: 'first' });
    await clock.advance(1_000);
    faulty.reboot({ seconds: 2, banner: 'second' });
    await clock.advance(2_000);
    expect(texts()).toEqual(['second']);
    faulty.reboot({ banner: 'third' });
    faulty.disconnect();
    expect(clock.pending).toBe(0);
    expect(() => faulty.reboot()).toThrow('connect it first');
  });
});

describe('the example of the documentation', () => {
  it('does what it says', async () => {
    const clock = new FakeClock();
    const faulty = new FaultyInstrument(() => new LakeShore218Emulator({ clock }), { clock, seed: 7 });
    const heard: string[] = [];
    let receive = (_bytes: Buffer): void => {};
    faulty.connect({
      send: (bytes) => heard.push(Buffer.from(bytes as Buffer).toString('latin1')),
      onReceive: (listener) => {
        receive = listener;
      },
    });
    const ask = (): void => receive(Buffer.from('*IDN?\r\n'));
    faulty.answers.next(drop());
    faulty.answers.next(late(1000), flip());
    ask();
    ask();
    await clock.advance(1_049);
    expect(heard).toEqual([]);
    await clock.advance(1);
    expect(heard).toHaveLength(1);
    expect(heard[0]).not.toBe('LSCI,MODEL218S,LSA0042,1.3\r\n');
    ask();
    expect(heard[1]).toBe('LSCI,MODEL218S,LSA0042,1.3\r\n');
    expect(faulty.answers.counts).toEqual({ drop: 1, late: 1, flip: 1 });
  });
});
