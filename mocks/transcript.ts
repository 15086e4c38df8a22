import {
  type Clock,
  type EmulatedInstrument,
  type EmulatedLine,
  systemClock,
  type Transcript,
  type TranscriptEntry,
} from '../src/index.ts';

export interface TranscriptEmulatorOptions {
  /** Answer as soon as a question has come; default with the delays that were recorded. */
  readonly immediately?: boolean;
  readonly clock?: Clock;
}

/** An instrument that says what another one has said. */
export interface TranscriptInstrument extends EmulatedInstrument {
  /** Bytes that were no part of any question of the transcript. */
  readonly unknown: number;
  /** Questions without an answer since too many answers were still to be said. */
  readonly missed: number;
}

interface Said {
  /** Since the question, or since power-up. */
  readonly delayMs: number;
  readonly bytes: Buffer;
}

/** A question and all that came before the next one. */
interface Exchange {
  readonly question: Buffer;
  readonly answers: readonly Said[];
}

/** Answers that are being said or wait for their time. */
const PENDING_LIMIT = 64;

/**
 * Replays a transcript. Whatever recorded question arrives, in whatever order and in whatever pieces, is answered with
 * what was recorded after it; one that was asked several times with its answers in their order, and then with the first
 * again. What was said before the first question is said from power-up on at its recorded times. A question that ends the
 * transcript, and was answered before in it, was cut off from its answer and does not count.
 */
export function transcriptEmulator(
  transcript: Transcript,
  options: TranscriptEmulatorOptions = {},
): () => TranscriptInstrument {
  const { unasked, exchanges } = exchangesOf(transcript.entries);
  return () => new Replay(unasked, exchanges, options.clock ?? systemClock, options.immediately ?? false);
}

class Replay implements TranscriptInstrument {
  unknown = 0;
  missed = 0;
  readonly #unasked: readonly Said[];
  /** By question, the longest first: of two that begin alike it is to be recognised. */
  readonly #exchanges: readonly (readonly Exchange[])[];
  readonly #clock: Clock;
  readonly #immediately: boolean;
  readonly #asked = new Map<readonly Exchange[], number>();
  readonly #pending = new Set<ReturnType<Clock['setTimer']>>();
  #line: EmulatedLine | undefined;
  #received: Buffer = Buffer.alloc(0);

  constructor(unasked: readonly Said[], exchanges: readonly Exchange[][], clock: Clock, immediately: boolean) {
    this.#unasked = unasked;
    this.#exchanges = exchanges;
    this.#clock = clock;
    this.#immediately = immediately;
  }

  connect(line: EmulatedLine): void {
    this.disconnect();
    this.#line = line;
    line.onReceive((bytes) => this.#receive(bytes));
    this.#say(this.#unasked, this.#clock.monotonic());
  }

  disconnect(): void {
    for (const timer of this.#pending) timer.cancel();
    this.#pending.clear();
    this.#asked.clear();
    this.#received = Buffer.alloc(0);
    this.#line = undefined;
  }

  #receive(bytes: Buffer): void {
    let rest = Buffer.concat([this.#received, bytes]);
    while (rest.length > 0) {
      const same = this.#exchanges.find(([first]) => first && begins(rest, first.question));
      if (same) {
        this.#answer(same);
        rest = rest.subarray(same[0]?.question.length);
      } else if (this.#exchanges.some(([first]) => first && begins(first.question, rest))) break;
      else {
        this.unknown++;
        rest = rest.subarray(1);
      }
    }
    this.#received = Buffer.from(rest);
  }

  #answer(same: readonly Exchange[]): void {
    const times = this.#asked.get(same) ?? 0;
    this.#asked.set(same, times + 1);
    const answers = same[times % same.length]?.answers ?? [];
    if (this.#immediately) for (const { bytes } of answers) this.#line?.send(bytes);
    else if (this.#pending.size < PENDING_LIMIT) this.#say(answers, this.#clock.monotonic());
    else this.missed++;
  }

  /** One timer at a time, however long the list. */
  #say(list: readonly Said[], beginMs: number, index = 0): void {
    const next = list[index];
    if (!next) return;
    const timer = this.#clock.setTimer(
      () => {
        this.#pending.delete(timer);
        this.#line?.send(next.bytes);
        this.#say(list, beginMs, index + 1);
      },
      beginMs + next.delayMs - this.#clock.monotonic(),
    );
    this.#pending.add(timer);
  }
}

function begins(bytes: Buffer, with_: Buffer): boolean {
  return bytes.length >= with_.length && bytes.subarray(0, with_.length).equals(with_);
}

function exchangesOf(entries: readonly TranscriptEntry[]): {
  unasked: readonly Said[];
  exchanges: Exchange[][];
} {
  const unasked: Said[] = [];
  const byQuestion = new Map<string, Exchange[]>();
  let answers = unasked;
  let askedAt = 0;
  for (const { t, dir, bytes } of entries) {
    if (bytes.length === 0) continue;
    if (dir === 'rx') {
      answers.push({ delayMs: (t - askedAt) * 1000, bytes });
      continue;
    }
    answers = [];
    askedAt = t;
    const key = bytes.toString('latin1');
    const same = byQuestion.get(key) ?? [];
    same.push({ question: bytes, answers });
    byQuestion.set(key, same);
  }
  // The recording ended before the answer came.
  const last = byQuestion.get(entries.at(-1)?.bytes.toString('latin1') ?? '');
  if (entries.at(-1)?.dir === 'tx' && last && last.length > 1) last.pop();
  const exchanges = [...byQuestion].sort(([a], [b]) => b.length - a.length).map(([, same]) => same);
  return { unasked, exchanges };
}
