import type { Request } from './request.ts';

/** What a link has done and seen; grows only. */
export interface LinkCounters {
  /** Questions that were put on the line, each once however often it was asked. */
  readonly queries: number;
  /** Further tries of questions that were not answered in time. */
  readonly retries: number;
  /** Questions that got no answer in time, after all tries. */
  readonly timeouts: number;
  /** Answers that came after their time limit. */
  readonly late: number;
  /** Things discarded, late answers among them; of which kind, `onDrop` tells. */
  readonly dropped: number;
}

/** The side of a link that hears the line. */
export interface Ear {
  push(bytes: Buffer, nowMs: number): void;
  /** Whether there is a begun frame that `forget()` would forget. */
  hasBegun(hearsOn: boolean): boolean;
  /** Forgets a begun frame, for the given reason. Who hears on keeps that of a talker. */
  forget(reason: string, hearsOn: boolean): void;
  drop(reason: string, bytes: number): void;
  /** The port is open anew. */
  begin(): void;
  /** It hears no more: the port was lost, or the link given up. */
  lose(what: string, cause: Error): void;
}

export interface StationTiming {
  readonly spacingMs: number;
  /** Least pause between any two transactions of the line, whosever they are. */
  readonly pauseMs: number;
  readonly firstByteMs: number | undefined;
}

/** A line that said nothing for so long has said what it had to say. */
const QUIET_MS = 50;
/** A frame like the one before, and so soon after it, is that one twice: some instruments send an answer so. */
export const TWICE_MS = 50;
/** The longest rest of an instrument that does not answer. */
const LONGEST_REST_MS = 10_000;
/** An answer is waited for so many time limits, … */
const OWED_LIMITS = 8;
/** … after the first failure for this long at most, … */
const OWED_FIRST_MS = 4_000;
/** … after more of them for this long, … */
export const OWED_LONGEST_MS = 10_000;
/** … but never for fewer time limits than these: so long where the question was cut off, which shows no fault of it. */
const OWED_LEAST_LIMITS = 4;
/** An instrument that was late once may be later the next time. */
const LATER_FACTOR = 1.5;
/** Answers in time and in a row after which a lateness is forgotten. */
const PROMPT_ANSWERS = 100;

/** The place of one link on its line: what it waits to ask, and how its instrument has answered lately. Times are monotonic, in ms. */
export class Station {
  /** Grows with each station of the line. */
  readonly number: number;
  readonly timing: StationTiming;
  readonly ear: Ear;
  /** How long the line is to be quiet after something stray, before this station asks. */
  readonly quietMs: number;
  readonly counters = { queries: 0, retries: 0, timeouts: 0, late: 0, dropped: 0 };
  /** The request under way comes first, and stays until it is settled. */
  queue: Request[] = [];
  lastEndMs = Number.NEGATIVE_INFINITY;
  /** Until when it is not asked, where others share the line. */
  restUntilMs = Number.NEGATIVE_INFINITY;
  /** Questions in a row without an answer. */
  failures = 0;
  /** The first try that was not answered, or the end of the silence that was too long, since something last came. */
  silentSinceMs: number | undefined;
  /** The longest time that an answer took which came late, until it is forgotten. */
  #latestMs = 0;
  #promptAnswers = 0;
  #lastAnswer: string | undefined;
  #lastAnswerMs = Number.NEGATIVE_INFINITY;
  /** Once it has left: the stations from this number on may be its own instrument come back. */
  heirsFrom = Number.POSITIVE_INFINITY;

  constructor(number: number, timing: StationTiming, ear: Ear) {
    this.number = number;
    this.timing = timing;
    this.ear = ear;
    this.quietMs = Math.max(timing.spacingMs, QUIET_MS);
  }

  get isClosed(): boolean {
    return this.heirsFrom !== Number.POSITIVE_INFINITY;
  }

  remove(request: Request): void {
    if (this.queue[0] === request) this.queue.shift();
    else this.queue = this.queue.filter((other) => other !== request);
  }

  /** An answer of its instrument came, in time or late. */
  heard(answer: string, nowMs: number): void {
    this.#lastAnswer = answer;
    this.#lastAnswerMs = nowMs;
  }

  /** Whether the frame may be its last answer a second time. */
  isCopy(frame: string, nowMs: number): boolean {
    return frame === this.#lastAnswer && nowMs - this.#lastAnswerMs < TWICE_MS;
  }

  answered(): void {
    this.failures = 0;
    this.restUntilMs = Number.NEGATIVE_INFINITY;
    this.#promptAnswers++;
    if (this.#promptAnswers >= PROMPT_ANSWERS) this.#latestMs = 0;
  }

  /** An answer came after its time: so long after the sending of the question, or less. */
  wasLate(tookMs: number): void {
    this.#promptAnswers = 0;
    this.#latestMs = Math.max(this.#latestMs, tookMs);
  }

  /**
   * How long after the sending of a question its answer is still waited for, which did not come in time: the longer the
   * more questions before went unanswered, and longer than any answer took of late.
   *
   * @param isCutOff it was cancelled, or the port lost, before its time was over
   */
  owedMs(replyMs: number, isCutOff: boolean): number {
    const limits = isCutOff ? OWED_LEAST_LIMITS : OWED_LIMITS;
    const silentMs = Math.min(limits * replyMs, OWED_FIRST_MS) * 2 ** this.failures;
    const expectedMs = Math.max(silentMs, LATER_FACTOR * this.#latestMs);
    return Math.max(Math.min(expectedMs, OWED_LONGEST_MS), OWED_LEAST_LIMITS * replyMs);
  }

  /** Rests the longer the more often it was asked in vain. */
  unanswered(replyMs: number, nowMs: number): void {
    this.failures++;
    this.restUntilMs = nowMs + Math.min(LONGEST_REST_MS, replyMs * 2 ** this.failures);
  }

  /** The port is open anew. */
  begin(): void {
    this.ear.begin();
    this.failures = 0;
    this.restUntilMs = Number.NEGATIVE_INFINITY;
  }
}
