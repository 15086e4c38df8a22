import { describe, expect, it } from 'vitest';
import { ConditionLost, FakeClock, FrameError, LabwireError, silentLogger } from '../../../src/base/index.ts';
import { Bus, type Framing, type LinkTiming, lines, memoryLine, Port } from '../../../src/port/index.ts';

/** An instrument that answers by hand or by a function, a link to it, and a clock that stands still. */
async function bench(
  timing: LinkTiming = {},
  answer?: (question: string) => string | undefined,
  simulated = false,
  framing = lines({ send: '\r\n' }),
) {
  const clock = new FakeClock();
  const memory = memoryLine('/dev/ttyTEST', { simulated, deliver: queueMicrotask });
  const port = new Port({ transport: memory.transport, clock, log: silentLogger, settleMs: 0 });
  const drops: [string, number][] = [];
  const link = new Bus({ port, clock }).link({
    framing,
    timing,
    onDrop: (reason, bytes) => drops.push([reason, bytes]),
  });
  const sent: { text: string; at: number }[] = [];
  memory.line.onReceive((bytes) => {
    const text = bytes.toString('latin1').replace('\r\n', '');
    sent.push({ text, at: clock.monotonic() });
    const reply = answer?.(text);
    if (reply !== undefined) memory.line.send(`${reply}\r\n`);
  });
  port.start();
  await clock.advance(0);
  const say = async (text: string): Promise<void> => {
    memory.line.send(text);
    await clock.advance(0);
  };
  return { clock, memory, port, link, drops, sent, say };
}

/** Lets a promise that will reject wait for its test. */
function held<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

describe('Link.query', () => {
  it('asks one question at a time, in the order of the calls', async () => {
    const { clock, link, sent, say } = await bench();
    const answers = [link.query('A?'), link.query('B?')];
    await clock.advance(0);
    expect(sent.map(({ text }) => text)).toEqual(['A?']);
    await say('+1.0\r\n');
    expect(sent.map(({ text }) => text)).toEqual(['A?', 'B?']);
    await say('+2.0\r\n');
    expect(await Promise.all(answers)).toEqual(['+1.0', '+2.0']);
    expect(clock.pending).toBe(0);
  });

  it('tells when the last frame arrived', async () => {
    const { clock, link, say } = await bench();
    await clock.advance(1_234);
    const answer = link.query('A?');
    await clock.advance(100);
    await say('+1');
    await clock.advance(7);
    await say('\n');
    await answer;
    expect(link.lastArrival).toBe(1_700_000_000_000_000 + 1_341_000);
  });

  it('keeps the least time between two transactions', async () => {
    const { clock, link, sent } = await bench({ spacingMs: 50 }, () => 'ok');
    const all = Promise.all([link.query('A?'), link.query('B?'), link.send('C')]);
    await clock.advance(200);
    await all;
    expect(sent.map(({ at }) => at)).toEqual([0, 50, 100]);
  });

  it('asks again after the time limit, and then names port and question', async () => {
    const { clock, link, sent } = await bench({ replyMs: 1000, retries: 2 });
    const answer = held(link.query('KRDG? 0'));
    await clock.advance(2_999);
    expect(sent.map(({ at }) => at)).toEqual([0, 1000, 2000]);
    await clock.advance(1);
    await expect(answer).rejects.toThrow(
      '/dev/ttyTEST: "KRDG? 0": no answer within 1 s, asked 3 times; check power, cable and the serial settings (REPLY_TIMEOUT)',
    );
    expect(clock.pending).toBe(0);
  });

  it('refuses a time limit that is no number, and would never be over', async () => {
    const { clock, link, sent } = await bench();
    await expect(link.query('A?', { replyMs: Number.NaN })).rejects.toThrow(
      '"A?": replyMs must be a number of ms, 0 or more, is NaN (VALUE_INVALID)',
    );
    expect([sent, clock.pending]).toEqual([[], 0]);
  });

  it('shows a question of bytes as hexadecimal digits, and of a long one its beginning', async () => {
    const { clock, link } = await bench({ retries: 0 });
    const binary = link.query('\x01\x04\x00\x00\x00\x02\x71\xcb').catch((error: Error) => error.message);
    const long = link.query('x'.repeat(10_000)).catch((error: Error) => error.message);
    await clock.advance(10_000);
    expect(await binary).toContain('<01 04 00 00 00 02 71 cb>: no answer');
    expect((await long).length).toBeLessThan(300);
  });

  it('gives up early when not even a first byte comes', async () => {
    const { clock, link, say } = await bench({ firstByteMs: 200, replyMs: 1000, retries: 0 });
    const silent = held(link.query('A?'));
    await clock.advance(200);
    await expect(silent).rejects.toThrow('REPLY_TIMEOUT');

    await clock.advance(5_000);
    const slow = link.query('B?');
    await clock.advance(150);
    await say('+');
    await clock.advance(800);
    await say('1\n');
    expect(await slow).toBe('+1');
  });

  it('drops what came unasked before it asks, a begun line too', async () => {
    const { clock, link, drops, say } = await bench();
    await say('boot\r\nhal');
    const answer = link.query('A?');
    await clock.advance(50);
    await say('+1.0\r\n');
    expect(await answer).toBe('+1.0');
    expect(drops).toEqual([
      ['stale', 4],
      ['stale', 3],
    ]);
  });

  it('waits for the end of a line that has begun before it asks, and for no other', async () => {
    const { clock, link, drops, sent, say } = await bench();
    await say('Firmware 3.');
    const answer = link.query('T?');
    await clock.advance(30);
    expect(sent).toEqual([]);
    await say('07\n');
    expect(sent).toEqual([{ text: 'T?', at: 30 }]);
    await say('21.5\n');
    expect(await answer).toBe('21.5');
    expect(drops).toEqual([['stale', 13]]);
  });

  it('waits until the line is quiet where the end of a begun line does not come', async () => {
    const { clock, link, drops, sent, say } = await bench();
    await say('Firm');
    const answer = link.query('T?');
    await clock.advance(30);
    await say('ware');
    await clock.advance(49);
    expect(sent).toEqual([]);
    await clock.advance(1);
    expect(sent).toEqual([{ text: 'T?', at: 80 }]);
    await say('21.5\n');
    expect(await answer).toBe('21.5');
    expect(drops).toEqual([['stale', 8]]);
  });

  it('asks at once where what has begun lies long back', async () => {
    const { clock, link, sent, say } = await bench();
    await say('> ');
    await clock.advance(50);
    held(link.query('T?'));
    await clock.advance(0);
    expect(sent).toHaveLength(1);
  });

  it('does not take the rest of a line that was too long for an answer', async () => {
    const { clock, link, sent, say } = await bench();
    await say('x'.repeat(5_000));
    const answer = link.query('T?');
    await clock.advance(30);
    await say('99\n');
    expect(sent).toHaveLength(0);
    await clock.advance(50);
    await say('21.5\n');
    expect(await answer).toBe('21.5');
  });

  it('asks within 1 s on a line of which no end comes, and that is never quiet', async () => {
    const { clock, link, memory, sent } = await bench();
    const chatter = (): void => {
      memory.line.send('.');
      clock.setTimer(chatter, 20);
    };
    chatter();
    await clock.advance(10);
    held(link.query('T?'));
    await clock.advance(999);
    expect(sent).toHaveLength(0);
    await clock.advance(1);
    expect(sent).toHaveLength(1);
  });

  it.each([
    ['of the question that waits for it', { asked: 'B?', retries: 0, abortAt: 1100 }],
    ['of its own question, before that is asked again', { asked: 'A?', retries: 1, abortAt: 1020 }],
  ])('still waits for a late answer after the abort %s', async (_, { asked, retries, abortAt }) => {
    const { clock, link, drops, sent, say } = await bench({ replyMs: 1000, spacingMs: 40, retries });
    const abort = new AbortController();
    const signals = ['A?', 'B?'].map((text) => (text === asked ? { signal: abort.signal } : {}));
    const answers = [held(link.query('A?', signals[0])), held(link.query('B?', signals[1]))];
    await clock.advance(abortAt);
    abort.abort();
    await expect(answers[asked === 'A?' ? 0 : 1]).rejects.toThrow('ABORTED');
    await clock.advance(100);
    expect(sent.map(({ text }) => text)).toEqual(['A?']);
    const last = asked === 'A?' ? answers[1] : link.query('C?');
    await say('answer to A\r\n');
    await clock.advance(100);
    expect(sent).toHaveLength(2);
    await say('the next answer\r\n');
    expect(await last).toBe('the next answer');
    expect(drops).toEqual([['late', 11]]);
  });

  it('never takes a late answer for that of the next question', async () => {
    const { clock, link, drops, sent, say } = await bench({ replyMs: 1000, retries: 0 });
    const first = held(link.query('A?'));
    await clock.advance(1000);
    await expect(first).rejects.toThrow('REPLY_TIMEOUT');
    const second = link.query('B?');
    await clock.advance(300);
    expect(sent.map(({ text }) => text)).toEqual(['A?']);
    await say('answer to A\r\n');
    await clock.advance(50);
    expect(sent.map(({ text, at }) => [text, at])).toEqual([
      ['A?', 0],
      ['B?', 1350],
    ]);
    await say('answer to B\r\n');
    expect(await second).toBe('answer to B');
    expect(drops).toEqual([['late', 11]]);
  });

  it('never takes the second answer to a question that was asked twice for that of the next', async () => {
    const { clock, link, sent, memory, drops } = await bench({ replyMs: 1000, retries: 1 });
    // An instrument that takes 1.2 s for each answer, one after the other.
    memory.line.onReceive((bytes) => {
      const text = bytes.toString().trim();
      sent.push({ text, at: clock.monotonic() });
      clock.setTimer(() => memory.line.send(`answer to ${text}\r\n`), 1200);
    });
    const first = link.query('A?');
    const second = link.query('B?');
    await clock.advance(10_000);
    expect(await first).toBe('answer to A?');
    expect(await second).toBe('answer to B?');
    expect(sent.map(({ text, at }) => [text, at])).toEqual([
      ['A?', 0],
      ['A?', 1000],
      ['B?', 2250],
      ['B?', 3250],
    ]);
    expect(drops).toEqual([
      ['late', 12],
      ['late', 12],
    ]);
  });

  it('waits for a late answer ever longer while none comes, from 8 time limits or 4 s to 10 s, and for 4 time limits at least', async () => {
    const waits = async (replyMs: number): Promise<number[]> => {
      const { clock, link, sent } = await bench({ replyMs, retries: 0 });
      const asking = ['A?', 'B?', 'C?', 'D?', 'E?'].map((text) => held(link.query(text)));
      await clock.advance(300_000);
      for (const asked of asking) await expect(asked).rejects.toThrow('REPLY_TIMEOUT');
      return sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0));
    };
    expect(await waits(100)).toEqual([800, 1600, 3200, 6400]);
    expect(await waits(1_000)).toEqual([4_000, 8_000, 10_000, 10_000]);
    expect(await waits(5_000)).toEqual([20_000, 20_000, 20_000, 20_000]);
  });

  it('waits for half as long again as the latest answer took, until a hundred came in time', async () => {
    const { clock, link, sent, memory } = await bench({ replyMs: 100, retries: 0 });
    memory.line.onReceive((bytes) => {
      const text = bytes.toString().trim();
      if (text === 'lost') return;
      clock.setTimer(() => memory.line.send(`${text}\r\n`), text === 'late' ? 750 : 10);
      sent.push({ text, at: clock.monotonic() });
    });
    /** From the sending of a question that is lost to that of the next. */
    const waitAfterLoss = async (): Promise<number> => {
      held(link.query('lost'));
      const [next, lostAt] = [link.query('next'), clock.monotonic()];
      await clock.advance(5_000);
      expect(await next).toBe('next');
      return (sent.at(-1)?.at ?? 0) - lostAt;
    };
    expect(await waitAfterLoss()).toBe(800);
    held(link.query('late'));
    await clock.advance(5_000);
    expect(link.counters.late).toBe(1);
    expect(await waitAfterLoss()).toBe(1600);
    for (const answers of [97, 98]) {
      for (let time = 0; time < answers; time++) {
        const asked = link.query('in time');
        await clock.advance(20);
        expect(await asked).toBe('in time');
      }
      expect(await waitAfterLoss()).toBe(answers === 97 ? 1125 : 800);
    }
  });

  it('does not wait for ever on a line that is never quiet', async () => {
    const { clock, link, memory, sent } = await bench({ replyMs: 1000, retries: 0 });
    const first = held(link.query('A?'));
    await clock.advance(1000);
    await expect(first).rejects.toThrow('REPLY_TIMEOUT');
    const chatter = (): void => {
      memory.line.send('.');
      clock.setTimer(chatter, 20);
    };
    chatter();
    const second = held(link.query('B?'));
    // Until the answer that is owed should have come, and 1 s more.
    await clock.advance(4_000);
    expect(sent.map(({ text }) => text)).toEqual(['A?', 'B?']);
    await clock.advance(1_000);
    await expect(second).rejects.toThrow('REPLY_TIMEOUT');
  });

  it('does not take the rest of a slow answer for the answer to its repetition', async () => {
    const { clock, link, sent, say } = await bench({ replyMs: 1000, retries: 1 });
    const answer = link.query('A?');
    await clock.advance(990);
    await say('+12');
    await clock.advance(20);
    await say('34.5\r\n');
    await clock.advance(100);
    expect(sent).toHaveLength(2);
    await say('+1234.5\r\n');
    expect(await answer).toBe('+1234.5');
  });

  it('is ended by its signal at once, and its answer is not taken for that of the next', async () => {
    const { clock, link, sent, say } = await bench();
    const abort = new AbortController();
    const first = held(link.query('A?', { signal: abort.signal }));
    const queued = held(link.query('Q?', { signal: abort.signal }));
    await clock.advance(10);
    abort.abort();
    await expect(first).rejects.toThrow('ABORTED');
    await expect(queued).rejects.toThrow('ABORTED');
    await expect(link.query('X?', { signal: abort.signal })).rejects.toThrow('ABORTED');
    const second = link.query('B?');
    await clock.advance(10);
    await say('answer to A\r\n');
    await clock.advance(50);
    await say('answer to B\r\n');
    expect(await second).toBe('answer to B');
    expect(sent.map(({ text }) => text)).toEqual(['A?', 'B?']);
  });

  it('rejects at once with ConditionLost and the stack of the caller when the port is not open or is lost', async () => {
    const { clock, link, memory } = await bench();
    async function acquire(): Promise<string> {
      return await link.query('A?');
    }
    const asked = held(acquire());
    const queued = held(link.query('B?'));
    await clock.advance(10);
    memory.unplug();
    for (const promise of [asked, queued]) await expect(promise).rejects.toBeInstanceOf(ConditionLost);
    await expect(link.query('C?')).rejects.toThrow('CONDITION_LOST');
    const error = await asked.catch((thrown: Error) => thrown);
    expect((error as Error).stack).toContain('acquire');
    expect(clock.pending).toBe(1); // the port's next attempt
  });

  it('waits after a loss of the port for the answer to what was under way', async () => {
    const { clock, link, memory, drops, sent, say } = await bench({ retries: 0 });
    held(link.query('A?'));
    await clock.advance(10);
    memory.unplug();
    memory.plug();
    await clock.advance(500);
    const answer = link.query('B?');
    await clock.advance(200);
    expect(sent.map(({ text }) => text)).toEqual(['A?']);
    await say('answer to A\n');
    await clock.advance(50);
    await say('answer to B\n');
    expect(await answer).toBe('answer to B');
    expect(drops).toEqual([['late', 11]]);
  });

  it('waits after a loss of the port for 4 s for what was under way, and no longer', async () => {
    const { clock, link, memory, sent, say } = await bench({ retries: 0, replyMs: 1000 });
    held(link.query('A?'));
    await clock.advance(10);
    memory.unplug();
    memory.plug();
    await clock.advance(500);
    const answer = link.query('B?');
    await clock.advance(3489);
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    expect(sent.map(({ text, at }) => [text, at])).toEqual([
      ['A?', 0],
      ['B?', 4000],
    ]);
    await say('fresh\n');
    expect(await answer).toBe('fresh');
  });

  it('goes on with the right answers when the port of a slow instrument is opened anew', async () => {
    const { clock, link, memory, port } = await bench({ replyMs: 1000, retries: 0 });
    memory.line.onReceive((bytes) => {
      clock.setTimer(() => memory.line.send(`answer to ${bytes.toString().trim()}\r\n`), 800);
    });
    const answers: string[] = [];
    for (let number = 1; number <= 6; number++) {
      const asked = link.query(`Q${number}`).catch(() => 'lost');
      await clock.advance(400);
      if (number % 3 === 0) port.reopen(new Error('as an example'));
      await clock.advance(number % 3 === 0 ? 1 : 4_000);
      answers.push(await asked);
    }
    expect(answers).toEqual(['answer to Q1', 'answer to Q2', 'lost', 'answer to Q4', 'answer to Q5', 'lost']);
  });

  it('holds a bounded number of requests', async () => {
    const { clock, link, memory } = await bench();
    const asked = Array.from({ length: 65 }, (_, index) => held(link.query(`${index}`)));
    await expect(link.query('one too many')).rejects.toThrow('QUEUE_FULL');
    await clock.advance(0);
    memory.unplug();
    for (const promise of asked) await expect(promise).rejects.toThrow('CONDITION_LOST');
  });

  it('flushes a port whose transactions go on failing, and then opens it anew, ever more rarely', async () => {
    const { clock, link, port } = await bench({ replyMs: 100, retries: 0 });
    let flushes = 0;
    const { flush } = port;
    port.flush = () => {
      flushes++;
      return flush.call(port);
    };
    const fail = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time++) {
        const asked = expect(link.query('A?')).rejects.toThrow('REPLY_TIMEOUT');
        await clock.advance(11_000);
        await asked;
      }
    };
    await fail(3);
    expect([flushes, port.counters.opens]).toEqual([1, 1]);
    await fail(3);
    expect([flushes, port.counters.opens]).toEqual([1, 2]);
    await fail(6);
    expect([flushes, port.counters.opens]).toEqual([2, 3]);
    await fail(11);
    expect(port.counters.opens).toBe(3);
    await fail(1);
    expect(port.counters.opens).toBe(4);
  });

  it('flushes and opens the port of a talker anew in each of its silences', async () => {
    const { clock, link, port, say } = await bench();
    const counts: number[][] = [];
    for (let silence = 0; silence < 3; silence++) {
      const talking = link.frames();
      await say('talk\n');
      expect((await talking.next()).value).toMatchObject({ text: 'talk' });
      await talking.return?.();
      const { flushes, reopens } = port.counters;
      for (let time = 0; time < 6; time++) {
        const silent = expect(link.frames({ silence: 5 }).next()).rejects.toThrow('SILENT');
        await clock.advance(5_000);
        await silent;
      }
      counts.push([port.counters.flushes - flushes, port.counters.reopens - reopens]);
    }
    expect(counts).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
  });

  it('leaves a port open whose instrument answers, but late', async () => {
    const { clock, link, memory, port } = await bench({ replyMs: 100, retries: 0 });
    memory.line.onReceive(() => {
      clock.setTimer(() => memory.line.send('slow\r\n'), 150);
    });
    for (let time = 0; time < 20; time++) {
      const asked = expect(link.query('A?')).rejects.toThrow('REPLY_TIMEOUT');
      await clock.advance(1_000);
      await asked;
    }
    expect(link.counters.late).toBe(20);
    expect([port.counters.flushes, port.counters.reopens]).toEqual([0, 0]);
  });

  it('flushes a port that gives no answers any more, of an instrument that last answered late', async () => {
    const { clock, link, memory, port } = await bench({ replyMs: 100, retries: 0 });
    let hangs = false;
    memory.line.onReceive(() => {
      if (!hangs) clock.setTimer(() => memory.line.send('slow\r\n'), 150);
    });
    const fail = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time++) {
        const asked = expect(link.query('A?')).rejects.toThrow('REPLY_TIMEOUT');
        await clock.advance(11_000);
        await asked;
      }
    };
    await fail(3);
    hangs = true;
    await fail(6);
    expect([port.counters.flushes, port.counters.reopens]).toEqual([1, 1]);
  });

  it('leaves an emulated port open, whose instrument may be off for long', async () => {
    const { clock, link, port } = await bench({ replyMs: 100, retries: 0 }, undefined, true);
    for (let time = 0; time < 20; time++) {
      const asked = expect(link.query('A?')).rejects.toThrow('REPLY_TIMEOUT');
      await clock.advance(11_000);
      await asked;
    }
    expect(port.counters.opens).toBe(1);
  });

  it('opens a port anew that takes no more bytes', async () => {
    const { clock, link, port } = await bench({ replyMs: 1000 });
    port.write = () => new Promise(() => {});
    const sending = held(link.send('A'));
    await clock.advance(1000);
    await expect(sending).rejects.toThrow('"A" could not be sent within 1 s');
    await clock.advance(0);
    expect(port.counters.opens).toBe(2);
  });
});

describe('Link.frames', () => {
  it('marks the first frame after an opening when the line was not quiet before it', async () => {
    const { clock, link, memory, say } = await bench();
    const texts = async (count: number): Promise<[string, boolean][]> => {
      const frames = link.frames();
      await clock.advance(100);
      await say('.5,40\r\n21.5,40\r\n');
      const heard: [string, boolean][] = [];
      for (let i = 0; i < count; i++) {
        const { value } = await frames.next();
        heard.push([value.text, value.partial ?? false]);
      }
      await frames.return?.();
      return heard;
    };
    expect(await texts(2)).toEqual([
      ['.5,40', true],
      ['21.5,40', false],
    ]);
    expect(await texts(1)).toEqual([['.5,40', false]]);
    memory.unplug();
    memory.plug();
    await clock.advance(1000);
    expect(await texts(1)).toEqual([['.5,40', false]]);
  });

  it('gives each frame with its arrival, several of one chunk in order', async () => {
    const { clock, link, say } = await bench();
    const frames = link.frames();
    const first = frames.next();
    await clock.advance(5);
    await say('a\r\nb\r\n');
    await clock.advance(5);
    await say('c\n');
    expect((await first).value).toMatchObject({ text: 'a', at: 1_700_000_000_005_000 });
    expect((await frames.next()).value).toMatchObject({ text: 'b', at: 1_700_000_000_005_000 });
    expect((await frames.next()).value).toMatchObject({ text: 'c', at: 1_700_000_000_010_000 });
    expect(clock.pending).toBe(0);
  });

  it('is left by a break, and holds nothing then', async () => {
    const { link, say, drops } = await bench();
    const frames = link.frames({ silence: 5, signal: new AbortController().signal });
    await say('a\nb\n');
    for await (const { text } of frames) {
      expect(text).toBe('a');
      break;
    }
    await say('c\n');
    expect(drops).toEqual([['stale', 1]]);
    expect(await frames.next()).toEqual({ done: true, value: undefined });
  });

  it('throws SILENT when nothing came for so long, with one timer however many frames came', async () => {
    const { clock, link, say } = await bench();
    const frames = link.frames({ silence: 10 });
    for (let second = 0; second < 8; second++) {
      await clock.advance(1_000);
      await say(`${second}\n`);
      await frames.next();
      expect(clock.pending).toBe(1);
    }
    const next = held(frames.next());
    await clock.advance(9_999);
    await say('still there\n');
    expect((await next).value).toMatchObject({ text: 'still there' });
    const silent = held(frames.next());
    await clock.advance(9_999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    await expect(silent).rejects.toThrow('/dev/ttyTEST has said nothing for 10 s');
    expect(await frames.next()).toEqual({ done: true, value: undefined });
  });

  it('throws ConditionLost at the loss of the port, after what had come before', async () => {
    const { clock, link, memory, say } = await bench();
    const frames = link.frames();
    await say('a\nhalf');
    memory.unplug();
    expect((await frames.next()).value).toMatchObject({ text: 'a' });
    await expect(frames.next()).rejects.toBeInstanceOf(ConditionLost);
    await expect(link.frames().next()).rejects.toBeInstanceOf(ConditionLost);
    memory.plug();
    await clock.advance(500);
    const after = link.frames();
    await say('b\n');
    expect((await after.next()).value).toMatchObject({ text: 'b' });
  });

  it('throws with the stack of who iterates, whether the fault comes while it waits or before', async () => {
    const { clock, link, memory } = await bench();
    async function acquire(): Promise<void> {
      for await (const frame of link.frames({ silence: 10 })) expect(frame).toBeDefined();
    }
    const stackOf = (promise: Promise<void>): Promise<string | undefined> =>
      promise.then(
        () => undefined,
        (error: Error) => error.stack,
      );
    const silent = stackOf(acquire());
    await clock.advance(10_000);
    expect(await silent).toMatch(/SILENT.*acquire/s);
    const lost = stackOf(acquire());
    await clock.advance(0);
    memory.unplug();
    expect(await lost).toMatch(/CONDITION_LOST.*acquire/s);
    expect(await stackOf(acquire())).toMatch(/CONDITION_LOST.*acquire/s);
  });

  it('is ended by its signal', async () => {
    const { link } = await bench();
    const abort = new AbortController();
    const next = held(link.frames({ signal: abort.signal, silence: 10 }).next());
    abort.abort();
    await expect(next).rejects.toThrow('ABORTED');
    await expect(link.frames({ signal: abort.signal }).next()).rejects.toThrow('ABORTED');
  });

  it('drops the oldest frame when its reader is too slow', async () => {
    const { link, say, drops } = await bench();
    const frames = link.frames();
    const total = 10_000;
    await say(Array.from({ length: total }, (_, index) => `${index}\n`).join(''));
    expect(drops).toHaveLength(total - 4096);
    expect(drops[0]).toEqual(['overrun', 1]);
    const texts: string[] = [];
    for (let index = 0; index < 4096; index++) texts.push(((await frames.next()).value as { text: string }).text);
    expect(texts[0]).toBe(`${total - 4096}`);
    expect(texts.at(-1)).toBe(`${total - 1}`);
  });

  it('lets a question be sent in the middle of a frame', async () => {
    const { clock, link, sent, say } = await bench();
    const frames = link.frames();
    await say('tal');
    const answer = link.query('A?', { accepts: (frame) => frame.startsWith('answer') });
    await clock.advance(0);
    expect(sent).toHaveLength(1);
    await say('k 1\nanswer\n');
    expect(await answer).toBe('answer');
    expect((await frames.next()).value).toMatchObject({ text: 'talk 1' });
  });

  it('leaves the answer to a question to the one who asked', async () => {
    const { clock, link, say } = await bench();
    const frames = link.frames();
    await say('talk 1\n');
    const answer = link.query('A?');
    await clock.advance(0);
    await say('answer\ntalk 2\n');
    expect(await answer).toBe('answer');
    expect((await frames.next()).value).toMatchObject({ text: 'talk 1' });
    expect((await frames.next()).value).toMatchObject({ text: 'talk 2' });
  });
});

describe("a framing of one's own that fails", () => {
  it.each([
    ['invalid', new TypeError('no such field'), 'no such field'],
    ['checksum', new FrameError('FRAME_CHECKSUM', 'checksum', 'The sum is wrong'), 'The sum is wrong (FRAME_CHECKSUM)'],
  ])('loses what it was given, reason %s, and is begun anew', async (reason, error, message) => {
    const whole = lines({ send: '\n' });
    const framing: Framing = {
      ...whole,
      createFramer: (...given) => {
        const framer = whole.createFramer(...given);
        const push = (bytes: Buffer, at: number): void => {
          if (bytes.includes('?')) throw error;
          framer.push(bytes, at);
        };
        return { hasBegun: false, push, reset: () => framer.reset() };
      },
    };
    const { clock, say, link, drops, port } = await bench({}, undefined, false, framing);
    const answer = link.query('A?');
    await clock.advance(0);
    await say('+1');
    await say('???\n');
    await say('+2\n');
    expect(await answer).toBe('+2');
    expect(drops).toEqual([[reason, 6]]);
    expect([...port.traffic.since(0)].find(({ kind }) => kind === 'error')?.text).toContain(message);
  });
});

describe('the record of the port', () => {
  it('says what became of what arrived', async () => {
    const { clock, link, port, say } = await bench({ replyMs: 100, retries: 0 });
    const notes: [string, string][] = [];
    port.traffic.note = (kind, text) => notes.push([kind, text]);
    const answer = link.query('A?');
    await clock.advance(0);
    await say('+1\r\nboot\r\n');
    await answer;
    const silent = held(link.query('B?'));
    await clock.advance(100);
    await expect(silent).rejects.toThrow('REPLY_TIMEOUT');
    expect(notes).toEqual([
      ['frame', '+1'],
      ['frame', 'boot'],
      ['dropped', 'stale, 4 bytes'],
      ['error', '/dev/ttyTEST: "B?": no answer within 0.1 s; check power, cable and the serial settings'],
    ]);
  });
});

describe('Link.close', () => {
  it('ends what is under way and hears no more', async () => {
    const { clock, link, say, port, drops } = await bench();
    const asked = held(link.query('A?'));
    const next = held(link.frames().next());
    await clock.advance(0);
    link.close();
    await expect(asked).rejects.toBeInstanceOf(LabwireError);
    await expect(next).rejects.toBeInstanceOf(ConditionLost);
    await say('late\n');
    expect(drops).toEqual([]);
    expect(port.state).toBe('open');
  });
});
