import { describe, expect, it } from 'vitest';
import { ConditionLost } from '../../../src/base/index.ts';
import { lines } from '../../../src/port/index.ts';
import { ask, held, sharedLine } from './shared-line.ts';

describe('Bus', () => {
  it('gives each link that has something to ask its turn, one question each', async () => {
    const { clock, link, sent, instrument } = await sharedLine();
    const [a, b, c] = [link(), link(), link()];
    instrument('', (text) => text, 10);
    const all = Promise.all([ask(a, 'a1'), ask(a, 'a2'), ask(a, 'a3'), ask(b, 'b1'), ask(b, 'b2'), ask(c, 'c1')]);
    await clock.advance(100);
    expect(await all).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'c1']);
    expect(sent.map(({ text }) => text)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    expect(clock.pending).toBe(0);
  });

  it('cuts what arrives with the framing of the link whose turn it is, or was last', async () => {
    const { clock, link, say } = await sharedLine();
    const a = link();
    const b = link({}, lines({ receive: ';', send: '\n' }));
    const first = a.query('a?');
    await clock.advance(0);
    await say('one\nha');
    expect(await first).toBe('one');
    const second = b.query('b?');
    await clock.advance(50);
    await say('two;');
    expect(await second).toBe('two');
    await say('unasked;');
    expect([a.drops, b.drops]).toEqual([[['stale', 2]], [['stale', 7]]]);
  });

  it('waits for the end of what has begun to arrive for one link before it asks for another', async () => {
    const { clock, link, say, sent } = await sharedLine();
    const [a, b] = [link(), link()];
    const frames = a.frames();
    await say('Firmware 3.');
    const answer = b.query('T?');
    await clock.advance(20);
    expect(sent).toEqual([]);
    await say('07\n');
    expect(sent).toEqual([{ text: 'T?', at: 20 }]);
    await say('21.5\n');
    expect(await answer).toBe('21.5');
    expect((await frames.next()).value).toMatchObject({ text: 'Firmware 3.07' });
  });

  it('keeps the pause of the line between any two, and that of a link between its own, which holds up no other', async () => {
    const { clock, link, instrument, asked } = await sharedLine({ spacingMs: 5 });
    const [slow, quick] = [link({ spacingMs: 100 }), link()];
    instrument('', (text) => text);
    const all = Promise.all(
      [...'12'].map((n) => ask(slow, `s${n}`)).concat([...'1234'].map((n) => ask(quick, `q${n}`))),
    );
    await clock.advance(200);
    await all;
    expect(asked('s')).toEqual([0, 100]);
    expect(asked('q')).toEqual([5, 10, 15, 20]);
  });

  it('keeps the pause by which a protocol on it knows the end of a frame, between any two', async () => {
    const { clock, link, instrument, sent } = await sharedLine({ characterMs: 1 });
    const packet = { ...lines({ send: '\n' }), pauseMs: (characterMs: number) => 3.5 * characterMs };
    const [a, b, c] = [link({}, packet), link({}, packet), link()];
    instrument('', (text) => text, 10);
    const all = Promise.all([ask(a, 'a1'), ask(b, 'b1'), ask(c, 'c1'), ask(b, 'b2')]);
    await clock.advance(100);
    await all;
    expect(sent.map(({ at }) => at)).toEqual([0, 13.5, 27, 40.5]);
    a.close();
    b.close();
    const alone = Promise.all([ask(c, 'c2'), ask(c, 'c3')]);
    await clock.advance(100);
    await alone;
    expect(sent.slice(4).map(({ at }) => at)).toEqual([100, 110]);
  });

  it('delays the others by the time limit of a silent one, once per turn, and asks it ever more rarely', async () => {
    const { clock, link, instrument, asked } = await sharedLine();
    const [silent, lively] = [link({ replyMs: 200, retries: 2 }), link({ replyMs: 200 })];
    instrument('l', (text) => text, 10);
    const failing: Promise<string>[] = [];
    for (let time = 0; time < 7; time++) failing.push(held(ask(silent, `s${time}`)));
    let longest = 0;
    const poll = async (): Promise<void> => {
      for (let time = 0; time < 500; time++) {
        const began = clock.monotonic();
        await ask(lively, 'l');
        longest = Math.max(longest, clock.monotonic() - began);
        await new Promise<void>((resolve) => clock.setTimer(resolve, 100));
      }
    };
    const polling = poll();
    await clock.advance(100_000);
    await polling;
    for (const promise of failing) await expect(promise).rejects.toThrow('REPLY_TIMEOUT');
    expect(longest).toBeLessThanOrEqual(210);
    const times = asked('s');
    // Three tries of the first question, then one of each: when no answer to the one before is to come, nor a rest left.
    expect(times).toHaveLength(9);
    const rests = times.slice(2).map((at, index) => at - (times[index + 1] ?? 0) - 200);
    for (const [index, rest] of [1400, 3000, 6200, 9800, 9800, 10_000].entries()) {
      expect(rests[index + 1]).toBeGreaterThanOrEqual(rest);
      expect(rests[index + 1]).toBeLessThan(rest + 20);
    }
    await expect(failing[1]).rejects.toThrow('no answer within 0.2 s; check power');
    expect(silent.counters).toEqual({ queries: 7, retries: 2, timeouts: 7, late: 0, dropped: 0 });
  });

  it('lets those who answer have their turns between two who do not', async () => {
    const { clock, link, sent, instrument } = await sharedLine({}, true);
    const silent = [link({ replyMs: 100, retries: 0 }), link({ replyMs: 100, retries: 0 })];
    const lively = [link(), link()];
    instrument('l', (text) => text, 5);
    for (const [index, one] of silent.entries()) held(ask(one, `s${index}`));
    await clock.advance(10_000);
    sent.length = 0;
    const asking = silent.map((one, index) => held(ask(one, `s${index}`)));
    const answers = lively.flatMap((one, index) => [ask(one, `l${index}`), ask(one, `l${index}`)]);
    await clock.advance(1_000);
    await Promise.all(answers);
    for (const promise of asking) await expect(promise).rejects.toThrow('REPLY_TIMEOUT');
    expect(sent.map(({ text }) => text)).toEqual(['s0', 'l0', 'l1', 's1', 'l0', 'l1']);
  });

  it('asks with all repetitions again once the silent one has answered', async () => {
    const { clock, link, instrument, asked } = await sharedLine();
    const one = link({ replyMs: 100, retries: 1 });
    link();
    let isOn = false;
    instrument('s', (text) => (isOn ? text : undefined));
    const first = held(ask(one, 's1'));
    await clock.advance(1_000);
    await expect(first).rejects.toThrow('asked 2 times');
    isOn = true;
    const second = ask(one, 's2');
    await clock.advance(1_000);
    expect(await second).toBe('s2');
    isOn = false;
    const third = held(ask(one, 's3'));
    await clock.advance(1_000);
    await expect(third).rejects.toThrow('asked 2 times');
    expect(asked('s3')).toHaveLength(2);
  });

  it('lets a resting question be given up at once, and lets nobody rest who has the line for himself', async () => {
    const { clock, link, asked } = await sharedLine();
    const one = link({ replyMs: 1000, retries: 0 });
    const other = link();
    const first = held(ask(one, 's1'));
    await clock.advance(1_000);
    await expect(first).rejects.toThrow('REPLY_TIMEOUT');
    const abort = new AbortController();
    const second = held(ask(one, 's2', abort.signal));
    await clock.advance(2_500);
    abort.abort();
    await expect(second).rejects.toThrow('ABORTED');
    const third = held(ask(one, 's3'));
    await clock.advance(10);
    other.close();
    await clock.advance(10);
    await expect(Promise.race([third, Promise.resolve('waits')])).resolves.toBe('waits');
    // What it owes is waited for all the same.
    expect(asked('s')).toEqual([0]);
    await clock.advance(480);
    expect(asked('s')).toEqual([0, 4000]);
  });
});

describe('a late answer on a bus', () => {
  it('goes to the one who owes it, and the others do not wait for it', async () => {
    const { clock, link, asked, say } = await sharedLine();
    const [a, b] = [link({ replyMs: 1000, retries: 0 }), link({ replyMs: 1000 })];
    const late = held(ask(a, 'a1'));
    await clock.advance(1_000);
    await expect(late).rejects.toThrow('REPLY_TIMEOUT');
    const next = ask(b, 'b1');
    await clock.advance(100);
    await say('a is late\n');
    await clock.advance(100);
    await say('b\n');
    expect(await next).toBe('b');
    expect(asked('b')).toEqual([1000]);
    expect([a.drops, b.drops]).toEqual([[['late', 9]], []]);
    expect(a.counters).toMatchObject({ timeouts: 1, late: 1, dropped: 1 });
  });

  it('is waited for by a question that would take any frame', async () => {
    const { clock, link, asked, say } = await sharedLine();
    const [a, b] = [link({ replyMs: 1000, retries: 0 }), link({ replyMs: 1000 })];
    const late = held(a.query('a1'));
    await clock.advance(1_000);
    await expect(late).rejects.toThrow('REPLY_TIMEOUT');
    const next = b.query('b1');
    await clock.advance(500);
    await say('a is late\n');
    await clock.advance(50);
    expect(asked('b')).toEqual([1550]);
    await say('b\n');
    expect(await next).toBe('b');
  });

  it('is not waited for without end: who is silent anyway owes no more meanwhile', async () => {
    const { clock, link, asked, instrument } = await sharedLine({}, true);
    instrument('x', (text) => text);
    const silent = Array.from({ length: 5 }, () => link({ replyMs: 100, retries: 0 }));
    const any = link({ replyMs: 100 });
    const asking: Promise<string>[] = [];
    for (const [index, one] of silent.entries())
      for (let time = 0; time < 8; time++) asking.push(held(ask(one, `${index}`)));
    await clock.advance(3_010);
    const before = clock.monotonic();
    const answer = any.query('x');
    await clock.advance(10_000);
    expect(await answer).toBe('x');
    expect((asked('x')[0] ?? 0) - before).toBeLessThan(10_000);
    await clock.advance(100_000);
    for (const promise of asking) await expect(promise).rejects.toThrow('REPLY_TIMEOUT');
  });

  it('is waited for by the link that takes the place of one that was closed, and by no other', async () => {
    const { clock, link, asked, say, sent } = await sharedLine();
    const [a, b] = [link({ replyMs: 1000 }), link({ replyMs: 1000 })];
    const first = held(ask(a, 'a1'));
    const other = ask(b, 'b1');
    await clock.advance(10);
    a.close();
    await expect(first).rejects.toBeInstanceOf(ConditionLost);
    const successor = link({ replyMs: 1000 });
    const next = ask(successor, 'a2');
    await clock.advance(90);
    expect(sent.map(({ text, at }) => [text, at])).toEqual([
      ['a1', 0],
      ['b1', 10],
    ]);
    await say('a to the first\n');
    expect(asked('a2')).toEqual([]);
    await say('b\n');
    expect(await other).toBe('b');
    await clock.advance(50);
    expect(asked('a2')).toEqual([150]);
    await say('a to the second\n');
    expect(await next).toBe('a to the second');
    expect(a.drops).toEqual([]);
    expect(a.counters.late).toBe(1);
  });

  it('that comes twice is not taken for the answer to another try', async () => {
    const { clock, link, say, asked } = await sharedLine();
    const one = link({ replyMs: 1000, retries: 1 });
    const first = one.query('a1');
    await clock.advance(1_200);
    await say('to a1\nto a1\n');
    expect(await first).toBe('to a1');
    const second = one.query('a2');
    await clock.advance(1_000);
    await say('to a1\n');
    await clock.advance(50);
    expect(asked('a2')).toEqual([2250]);
    await say('to a2\n');
    expect(await second).toBe('to a2');
    expect(one.drops).toEqual([
      ['stale', 5],
      ['late', 5],
    ]);
  });
});

describe('a late answer that comes twice', () => {
  it('is waited for both times, though another has answered in between', async () => {
    const { clock, link, say, asked } = await sharedLine();
    const [a, b] = [link({ replyMs: 100, retries: 0 }), link({ replyMs: 100 })];
    const late = held(ask(a, 'a1'));
    await clock.advance(100);
    await expect(late).rejects.toThrow('REPLY_TIMEOUT');
    const other = ask(b, 'b1');
    await clock.advance(10);
    await say('a to 1\nb to 1\n');
    expect(await other).toBe('b to 1');
    b.close();
    const next = ask(a, 'a2');
    await clock.advance(2);
    await say('a to 1\n');
    await clock.advance(50);
    expect(asked('a2')).toEqual([162]);
    await say('a to 2\n');
    expect(await next).toBe('a to 2');
  });
});

describe('a question that says what answers it', () => {
  it('drops what does not, and waits on within its limit', async () => {
    const { clock, link, say } = await sharedLine();
    const one = link({ replyMs: 1000, retries: 0 });
    const answer = held(ask(one, 'a1'));
    await clock.advance(900);
    await say('b\n');
    await clock.advance(100);
    await expect(answer).rejects.toThrow('REPLY_TIMEOUT');
    expect(one.drops).toEqual([['unexpected', 1]]);
  });

  it('leaves the rest to the readers of frames', async () => {
    const { clock, link, say } = await sharedLine();
    const one = link();
    const frames = one.frames();
    const answer = ask(one, 'a1');
    await clock.advance(0);
    await say('talk\na1\n');
    expect(await answer).toBe('a1');
    expect((await frames.next()).value).toMatchObject({ text: 'talk' });
    expect(one.drops).toEqual([]);
  });

  it('is ended, and not the process, by a mistake in its check', async () => {
    const { clock, link, say } = await sharedLine();
    const one = link();
    const answer = held(
      one.query('a1', {
        accepts: () => {
          throw new TypeError('no such field');
        },
      }),
    );
    await clock.advance(0);
    await say('a1\n');
    await expect(answer).rejects.toThrow('"a1": its check of answers failed (INTERNAL)');
  });
});

describe('a line that echoes', () => {
  it.each([1, 2, 5, 100])('gives the answer without the echo, in chunks of %i bytes', async (size) => {
    const { clock, link, memory } = await sharedLine({ echo: true });
    const one = link();
    memory.line.onReceive((bytes) => {
      const back = `${bytes.toString('latin1')}+1.5\n`;
      for (let from = 0; from < back.length; from += size) memory.line.send(back.slice(from, from + size));
    });
    const answer = one.query('+1.5');
    await clock.advance(0);
    expect(await answer).toBe('+1.5');
    expect(one.drops).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('fails a transaction whose echo differs, and does not take its answer for that of the next', async () => {
    const { clock, link, say } = await sharedLine({ echo: true });
    const one = link({ replyMs: 1000 });
    const first = held(one.query('a1'));
    await clock.advance(0);
    await say('a');
    await say('?\n');
    await expect(first).rejects.toThrow(
      '/dev/ttyBUS: "a1": what comes first is not the echo of what was sent: a collision on the line, or an adapter without one (then remove serial.echo) (REPLY_UNEXPECTED)',
    );
    expect(one.drops).toEqual([['echo', 3]]);
    const second = one.query('a2');
    await clock.advance(100);
    await say('to a1\n');
    await clock.advance(50);
    await say('a2\nto a2\n');
    expect(await second).toBe('to a2');
  });

  it('fails a transaction whose echo is not whole in time', async () => {
    const { clock, link, say } = await sharedLine({ echo: true });
    const one = link({ replyMs: 1000, retries: 0 });
    const first = held(one.query('a1'));
    await clock.advance(10);
    await say('a1');
    await clock.advance(990);
    await expect(first).rejects.toThrow('not the echo');
    expect(one.drops).toEqual([['echo', 2]]);
  });

  it('says so where nothing comes back at all, and where only the answer is missing', async () => {
    const { clock, link, say } = await sharedLine({ echo: true });
    const one = link({ replyMs: 1000, retries: 0 });
    const nothing = held(one.query('a1'));
    await clock.advance(1_000);
    await expect(nothing).rejects.toThrow('not even the echo came within 1 s');
    await clock.advance(5_000);
    const echoOnly = held(one.query('a1'));
    await clock.advance(0);
    await say('a1\n');
    await clock.advance(1_000);
    await expect(echoOnly).rejects.toThrow('no answer within 1 s');
  });

  it('lets the echo of a question that was given up pass before it sends the next', async () => {
    const { clock, link, say, sent } = await sharedLine({ echo: true });
    const [a, b] = [link(), link()];
    const abort = new AbortController();
    const first = held(ask(a, 'a1', abort.signal));
    const second = ask(b, 'b1');
    await clock.advance(0);
    await say('a');
    abort.abort();
    await expect(first).rejects.toThrow('ABORTED');
    await clock.advance(5);
    expect(sent).toHaveLength(1);
    await say('1\n');
    expect(sent).toHaveLength(2);
    await say('b1\nb is 1\n');
    expect(await second).toBe('b is 1');
    expect([a.drops, b.drops]).toEqual([[], []]);
  });

  it('has sent when the echo has come', async () => {
    const { clock, link, say } = await sharedLine({ echo: true });
    const one = link();
    let isSent = false;
    const sending = one.send('a1').then(() => {
      isSent = true;
    });
    await clock.advance(10);
    await say('a1');
    expect(isSent).toBe(false);
    await say('\n');
    await sending;
    expect(clock.pending).toBe(0);
  });
});

describe('what is tried with a shared port that gives no answers', () => {
  it('is nothing while some answer, however many are silent', async () => {
    const { clock, link, port, instrument } = await sharedLine();
    instrument('l', (text) => text, 5);
    const silent = [1, 2, 3].map(() => link({ replyMs: 100, retries: 0 }));
    const lively = link({ replyMs: 100 });
    const ended = new AbortController();
    const keepAsking = async (one: typeof lively, text: string, everyMs: number): Promise<void> => {
      while (!ended.signal.aborted) {
        await ask(one, text).catch(() => {});
        await new Promise<void>((resolve) => clock.setTimer(resolve, everyMs));
      }
    };
    for (const one of silent) void keepAsking(one, 's', 10);
    void keepAsking(lively, 'l', 60_000);
    await clock.advance(600_000);
    expect(silent[0]?.counters.timeouts).toBeGreaterThan(50);
    expect(port.counters).toMatchObject({ opens: 1, flushes: 0, reopens: 0 });
    ended.abort();
    port.stop();
  });

  it('is counted over all its links when none answers', async () => {
    const { clock, link, port } = await sharedLine();
    const all = [link({ replyMs: 100, retries: 0 }), link({ replyMs: 100, retries: 0 })];
    const failures: Promise<string>[] = [];
    const fail = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time++)
        for (const one of all) {
          failures.push(held(ask(one, 's')));
          await clock.advance(11_000);
        }
    };
    await fail(3);
    expect(port.counters).toMatchObject({ flushes: 1, reopens: 1 });
    await fail(3);
    expect(port.counters).toMatchObject({ reopens: 2 });
    for (const promise of failures) await expect(promise).rejects.toThrow('REPLY_TIMEOUT');
  });
});

describe('closing a link of a bus', () => {
  it('leaves the others their questions, and settles its own at once', async () => {
    const { clock, link, say, bus } = await sharedLine();
    const [a, b] = [link(), link()];
    const active = held(ask(a, 'a1'));
    const queued = held(ask(a, 'a2'));
    const frames = held(a.frames().next());
    const other = ask(b, 'b1');
    await clock.advance(10);
    a.close();
    for (const promise of [active, queued, frames]) await expect(promise).rejects.toBeInstanceOf(ConditionLost);
    await expect(ask(a, 'a3')).rejects.toThrow('the link was given up');
    await expect(a.frames().next()).rejects.toBeInstanceOf(ConditionLost);
    await clock.advance(0);
    await say('b1\n');
    expect(await other).toBe('b1');
    const last = held(ask(b, 'b2'));
    bus.close();
    await expect(last).rejects.toBeInstanceOf(ConditionLost);
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });
});
