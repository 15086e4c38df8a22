import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { FakeClock } from '../../../src/base/index.ts';
import type { Link, QueryOptions } from '../../../src/port/index.ts';
import { sharedLine } from './shared-line.ts';

const REPLY_MS = 100;
/** For how long an answer is waited for after the first failure. */
const OWED_MS = 8 * REPLY_MS;
/** … and where a question was cut off: cancelled, or the port lost. */
const CUT_OFF_MS = 4 * REPLY_MS;
/** For how long at most. */
const LONGEST_MS = 10_000;

/** What becomes of one question that reaches the instrument. */
interface Fate {
  /** No answer at all. */
  readonly lost: boolean;
  readonly delayMs: number;
  /** The answer is sent twice, so many ms apart. */
  readonly twiceMs: number | undefined;
}

/** One question of a driver. */
interface Question {
  readonly pauseMs: number;
  readonly abortMs: number | undefined;
}

const LONGEST_TWICE_MS = 4;
const fate = (latestMs: number): fc.Arbitrary<Fate> =>
  fc.record({
    lost: fc.boolean(),
    delayMs: fc.oneof(
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 0, max: 2 * REPLY_MS }),
      fc.integer({ min: 0, max: latestMs }),
    ),
    twiceMs: fc.option(fc.integer({ min: 0, max: LONGEST_TWICE_MS }), { nil: undefined }),
  });
const question: fc.Arbitrary<Question> = fc.record({
  pauseMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 })),
  abortMs: fc.option(fc.integer({ min: 0, max: 250 }), { nil: undefined, freq: 3 }),
});
const listOf = (each: fc.Arbitrary<Question>) => fc.array(each, { minLength: 1, maxLength: 10 });
/** Some of which are cancelled. */
const questions = listOf(question);
const uncut = listOf(question.map(({ pauseMs }) => ({ pauseMs, abortMs: undefined })));
const good: Fate = { lost: false, delayMs: 5, twiceMs: undefined };
/** At random, always the same, or one in five. */
const fatesUntil = (latestMs: number): fc.Arbitrary<Fate[]> =>
  fc.oneof(
    fc.array(fate(latestMs), { minLength: 1, maxLength: 30 }),
    fate(latestMs).map((same) => [same]),
    fate(latestMs).map((fifth) => [good, good, good, good, fifth]),
  );
const fates = fatesUntil(OWED_MS - 1);
const fatesOfCut = fatesUntil(CUT_OFF_MS - 1);
/** What is asked, and what becomes of it: as late as an answer may come. */
const story = fc.oneof(fc.record({ asked: uncut, fates }), fc.record({ asked: questions, fates: fatesOfCut }));
/** The first of two equal answers may come unheard while the port settles: the second has to come within the time too. */
const fatesOfOutages = fatesUntil(CUT_OFF_MS - 1 - LONGEST_TWICE_MS);
const retries = fc.integer({ min: 0, max: 2 });
const timing = (retries: number, replyMs = REPLY_MS) => ({ replyMs, retries, spacingMs: 5 });

/** What happens to the way to the instruments, which know nothing of it and answer all the same. */
interface Outage {
  readonly afterMs: number;
  /** For how long the plug is out; undefined where the port is closed and opened anew. */
  readonly outMs: number | undefined;
}

const outages: fc.Arbitrary<readonly Outage[]> = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 400 }),
    outMs: fc.option(fc.integer({ min: 0, max: 150 }), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 8 },
);
const settleMs = fc.constantFrom(0, 50);

/** Answers `address number` with the same, according to the fates, which begin anew when they are used up. */
function unreliable(fates: readonly Fate[], clock: FakeClock, send: (text: string) => void) {
  let next = 0;
  return (text: string): undefined => {
    const { lost, delayMs, twiceMs } = fates[next++ % fates.length] as Fate;
    if (lost) return;
    clock.setTimer(() => send(`${text}\n`), delayMs);
    if (twiceMs !== undefined) clock.setTimer(() => send(`${text}\n`), delayMs + twiceMs);
  };
}

/** Breaks the way to the instruments, time and again. */
async function disturb(
  { clock, memory, port, replug }: Awaited<ReturnType<typeof sharedLine>>,
  outages: readonly Outage[],
): Promise<void> {
  const pause = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimer(resolve, ms));
  for (const { afterMs, outMs } of outages) {
    await pause(afterMs);
    if (outMs === undefined) port.reopen(new Error('as an example'));
    else {
      memory.unplug();
      await pause(outMs);
      replug();
    }
  }
}

/** Asks one question after the other, while the port is open; each answer must be its own. */
async function drive(
  link: Link,
  clock: FakeClock,
  address: string,
  { asked, fates }: { readonly asked: readonly Question[]; readonly fates: readonly Fate[] },
  options: QueryOptions = {},
  mayBeLost = false,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const [index, { pauseMs, abortMs }] of asked.entries()) {
    await new Promise<void>((resolve) => clock.setTimer(resolve, pauseMs));
    await link.port.opened(new AbortController().signal);
    const abort = new AbortController();
    const limit = abortMs === undefined ? undefined : clock.setTimer(() => abort.abort(), abortMs);
    const text = `${address} ${index}`;
    const answer = await link.query(text, { ...options, signal: abort.signal }).catch(() => undefined);
    limit?.cancel();
    if (answer === undefined ? isPrompt(fates) && !limit && !mayBeLost : answer !== text)
      wrong.push(`${text} got ${answer}`);
  }
  return wrong;
}

/** An instrument that always answers in time: each question has its answer then. */
function isPrompt(fates: readonly Fate[]): boolean {
  return fates.every(({ lost, delayMs }) => !lost && delayMs < REPLY_MS);
}

function check(wrong: readonly string[]): void {
  if (wrong.length > 0) throw new Error(wrong.join('; '));
}

const LONG_MS = 4_000_000;

describe('a late answer never becomes the answer to the next question', () => {
  it('on a link that has the line for itself, where nothing tells one answer from another', async () => {
    await fc.assert(
      fc.asyncProperty(story, retries, async ({ asked, fates }, retries) => {
        const { clock, memory, link, instrument, port } = await sharedLine({}, true);
        instrument('a', unreliable(fates, clock, memory.line.send));
        const done = drive(link(timing(retries)), clock, 'a', { asked, fates });
        await clock.advance(LONG_MS);
        check(await done);
        await port.stop();
      }),
      { numRuns: 200 },
    );
  });

  it('whatever the time limit, as long as it is waited for after the first failure', async () => {
    const limits = fc.constantFrom(50, 300, 1000, 5000).chain((replyMs) => {
      const owedMs = Math.max(Math.min(8 * replyMs, 4_000), 4 * replyMs);
      return fc.record({ replyMs: fc.constant(replyMs), fates: fatesUntil(owedMs - 1) });
    });
    await fc.assert(
      fc.asyncProperty(uncut, limits, retries, async (asked, { replyMs, fates }, retries) => {
        const { clock, memory, link, instrument, port } = await sharedLine({}, true);
        instrument('a', unreliable(fates, clock, memory.line.send));
        const patient = { firstByteMs: 0.6 * replyMs, ...timing(retries, replyMs) };
        const done = drive(link(patient), clock, 'a', { asked, fates }, {}, true);
        await clock.advance(LONG_MS);
        check(await done);
        await port.stop();
      }),
      { numRuns: 200 },
    );
  });

  it('as long as it is waited for at most, from an instrument that was silent and then is always late', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: LONGEST_MS - 1 }), async (delayMs) => {
        const silence = Array.from({ length: 4 }, () => ({ ...good, lost: true }));
        const fates = [...silence, ...Array.from({ length: 20 }, () => ({ ...good, delayMs }))];
        const asked = fates.map(() => ({ pauseMs: 10, abortMs: undefined }));
        const { clock, memory, link, instrument, port } = await sharedLine({}, true);
        instrument('a', unreliable(fates, clock, memory.line.send));
        const done = drive(link(timing(0)), clock, 'a', { asked, fates });
        await clock.advance(LONG_MS);
        check(await done);
        await port.stop();
      }),
      { numRuns: 50 },
    );
  });

  it('as long as it is waited for at most, now and then, from an instrument that was two thirds as late before', async () => {
    const times = fc.integer({ min: OWED_MS, max: LONGEST_MS - 1 }).chain((latestMs) =>
      fc.record({
        firstMs: fc.integer({ min: Math.ceil((latestMs + 1) / 1.5), max: latestMs }),
        delaysMs: fc.array(fc.oneof(fc.constant(5), fc.integer({ min: 0, max: latestMs })), { minLength: 20 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(times, async ({ firstMs, delaysMs }) => {
        const silence = Array.from({ length: 4 }, () => ({ ...good, lost: true }));
        const late = [firstMs, ...delaysMs].map((delayMs) => ({ ...good, delayMs }));
        const asked = [...silence, ...late].map(() => ({ pauseMs: 10, abortMs: undefined }));
        const { clock, memory, link, instrument, port } = await sharedLine({}, true);
        instrument('a', unreliable([...silence, ...late], clock, memory.line.send));
        const done = drive(link(timing(0)), clock, 'a', { asked, fates: [...silence, ...late] });
        await clock.advance(LONG_MS);
        check(await done);
        await port.stop();
      }),
      { numRuns: 50 },
    );
  });

  it('on a bus whose instruments are told apart by their addresses', async () => {
    const stations = fc.array(fc.tuple(story, retries), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(stations, async (stations) => {
        const { clock, memory, link, instrument, port } = await sharedLine({}, true);
        const done = stations.map(([{ asked, fates }, retries], index) => {
          const address = 'abcd'.charAt(index);
          instrument(address, unreliable(fates, clock, memory.line.send));
          const accepts = (frame: string): boolean => frame.startsWith(address);
          return drive(link(timing(retries)), clock, address, { asked, fates }, { accepts });
        });
        await clock.advance(LONG_MS);
        check((await Promise.all(done)).flat());
        await port.stop();
      }),
      { numRuns: 150 },
    );
  });

  it('on a bus where one of them is not told apart', async () => {
    await fc.assert(
      fc.asyncProperty(story, story, async ({ asked, fates }, { asked: others, fates: otherFates }) => {
        // The pause lets the copy of an answer pass by: nothing tells it from the next one.
        const { clock, memory, link, instrument, port } = await sharedLine({ spacingMs: 5 }, true);
        instrument('a', unreliable(fates, clock, memory.line.send));
        instrument('b', unreliable(otherFates, clock, memory.line.send));
        const isB = (frame: string): boolean => frame.startsWith('b');
        const done = [
          drive(link(timing(1)), clock, 'a', { asked, fates }),
          drive(link(timing(1)), clock, 'b', { asked: others, fates: otherFates }, { accepts: isB }),
        ];
        await clock.advance(LONG_MS);
        check((await Promise.all(done)).flat());
        await port.stop();
      }),
      { numRuns: 150 },
    );
  });

  it('on a link whose port is lost, comes back and is opened anew', async () => {
    await fc.assert(
      fc.asyncProperty(
        questions,
        fatesOfOutages,
        retries,
        outages,
        settleMs,
        async (asked, fates, retries, outages, settleMs) => {
          const line = await sharedLine({}, false, settleMs);
          const { clock, memory, link, instrument, port } = line;
          instrument('a', unreliable(fates, clock, memory.line.send));
          const done = drive(link(timing(retries)), clock, 'a', { asked, fates }, {}, true);
          const disturbed = disturb(line, outages);
          await clock.advance(LONG_MS);
          check(await done);
          await disturbed;
          await port.stop();
        },
      ),
      { numRuns: 300 },
    );
  });

  it('on a bus whose port is lost, comes back and is opened anew', async () => {
    const station = fc.record({ asked: questions, fates: fatesOfOutages, retries });
    const stations = fc.array(station, { minLength: 2, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(stations, outages, settleMs, async (stations, outages, settleMs) => {
        // The pause lets the copy of an answer pass by: the first instrument is not told apart.
        const line = await sharedLine({ spacingMs: 5 }, false, settleMs);
        const { clock, memory, link, instrument, port } = line;
        const done = stations.map(({ asked, fates, retries }, index) => {
          const address = 'abc'.charAt(index);
          instrument(address, unreliable(fates, clock, memory.line.send));
          const accepts = (frame: string): boolean => frame.startsWith(address);
          return drive(link(timing(retries)), clock, address, { asked, fates }, index === 0 ? {} : { accepts }, true);
        });
        const disturbed = disturb(line, outages);
        await clock.advance(LONG_MS);
        check((await Promise.all(done)).flat());
        await disturbed;
        await port.stop();
      }),
      { numRuns: 200 },
    );
  });

  it('beside a stream, of which no frame is lost', async () => {
    // Few, so that all are over while it talks.
    const few = story.map(({ asked, fates }) => ({ asked: asked.slice(0, 5), fates }));
    const talk = fc.array(fc.integer({ min: 12, max: 40 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(few, retries, talk, async ({ asked, fates }, retries, talk) => {
        const { clock, memory, link, instrument, port } = await sharedLine({}, true);
        instrument('a', unreliable(fates, clock, memory.line.send));
        const talker = link(timing(retries));
        const frames = talker.frames();
        let said = 0;
        let timer = clock.setTimer(say, 1);
        function say(): void {
          memory.line.send(`talk ${said++}\n`);
          timer = clock.setTimer(say, talk[said % talk.length] as number);
        }
        const done = drive(talker, clock, 'a', { asked, fates }, { accepts: (frame) => frame.startsWith('a') });
        await clock.advance(45_000);
        timer.cancel();
        check(await done);
        for (let heard = 0; heard < said; ) {
          const { text } = (await frames.next()).value as { text: string };
          // A copy of an answer that was given already belongs to nobody.
          if (text.startsWith('a')) continue;
          if (text !== `talk ${heard}`) throw new Error(`"talk ${heard}" is missing before "${text}"`);
          heard++;
        }
        await port.stop();
      }),
      { numRuns: 40 },
    );
  });
});
