import { setMaxListeners } from 'node:events';
import { abortError, type Clock, LabwireError, type Logger, show, type Timer } from '../base/index.ts';
import type { TaskContext } from './context.ts';
import { type Period, ticks } from './every.ts';
import { Watchdog } from './watchdog.ts';

/** A body that neither ticks nor waits may be in a connect that will time out: it has proved nothing for so long. */
const SILENT_PROOF_MS = 60_000;

/** What a run asks of its surroundings, and what it tells them. */
export interface RunParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** Seconds; undefined: no watchdog. */
  readonly watchdogSec: number | undefined;
  /** Seconds of health after which the body is taken to work again; undefined: nobody asks. */
  readonly provenAfterSec: number | undefined;
  /** The body worked for longer than `watchdogSec` without a wait. */
  stuck(): void;
  /** There is evidence that the body works. */
  proven(): void;
  missed(ticks: number): void;
}

/** One run of a task: `startPre`, then the body. It keeps the signal, the waits and the signs of life of that run. */
export class Run {
  readonly context: TaskContext;
  /** A stop was asked: whatever the body does now, it is no failure. */
  stopAsked = false;
  /** The watchdog's finding, once it bit. */
  verdict: LabwireError | undefined;

  readonly #parts: RunParts;
  readonly #abort = new AbortController();
  readonly #watchdog: Watchdog | undefined;
  /** Ends of the waits in progress; cheaper than a listener on the signal for each tick. */
  readonly #interrupts = new Set<() => void>();
  #bodyEntered: number | undefined;
  #firstTick: number | undefined;
  #ticks = 0;
  #healthTimer: Timer | undefined;
  #provenAtNextWait = false;

  constructor(parts: RunParts) {
    this.#parts = parts;
    if (parts.watchdogSec !== undefined) this.#watchdog = new Watchdog(parts.clock, parts.watchdogSec, parts.stuck);
    // A body may hand its signal to any number of requests.
    setMaxListeners(0, this.signal);
    this.context = {
      signal: this.signal,
      every: (period: Period) =>
        ticks(period, {
          monotonic: () => parts.clock.monotonic(),
          signal: this.signal,
          pause: (milliseconds, watch) => this.#pause(milliseconds, watch),
          ticked: (missed) => this.#ticked(missed),
        }),
      sleep: (seconds) => this.#sleep(seconds),
      notify: () => this.notify(),
      log: parts.log,
    };
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** From where health counts: the first tick, else the start of the body; undefined in `startPre`. */
  get healthySince(): number | undefined {
    return this.#firstTick ?? this.#bodyEntered;
  }

  enterBody(): void {
    this.#bodyEntered = this.#parts.clock.monotonic();
    this.#watchdog?.working();
    if (this.#parts.provenAfterSec !== undefined) this.#awaitHealth(this.#parts.provenAfterSec * 1000);
  }

  notify(): void {
    if (this.#bodyEntered === undefined || this.signal.aborted) return;
    this.#firstTick ??= this.#parts.clock.monotonic();
    if (this.#interrupts.size === 0) this.#watchdog?.working();
    this.#proven();
  }

  /** Ends every wait and tells the body. */
  abort(reason: Error): void {
    if (this.signal.aborted) return;
    this.#watchdog?.stop();
    this.#healthTimer?.cancel();
    this.#abort.abort(reason);
    for (const interrupt of this.#interrupts) interrupt();
  }

  /** The body has ended: what it left behind (a second loop, a forgotten wait) ends as well. */
  end(): void {
    this.abort(abortError('The run is over; what it left behind'));
  }

  #ticked(missed: number): void {
    if (this.#bodyEntered === undefined) return;
    this.#firstTick ??= this.#parts.clock.monotonic();
    this.#ticks++;
    this.#parts.missed(missed);
    // The first tick comes before any work; the second one shows that the work of the first was done.
    if (this.#ticks === 1) this.#watchdog?.working();
    else this.#proven();
  }

  /** What the watchdog has bitten meanwhile proves nothing. */
  #proven(): void {
    if (!this.signal.aborted) this.#parts.proven();
  }

  #sleep(seconds: number): Promise<void> {
    if (!(seconds >= 0 && Number.isFinite(seconds))) {
      return Promise.reject(
        new LabwireError('TASK_PERIOD', `sleep() takes a number of seconds, 0 or more, not ${show(seconds)}`),
      );
    }
    return this.#pause(seconds * 1000);
  }

  #pause(milliseconds: number, watch?: (resume: () => void) => () => void): Promise<void> {
    const { signal } = this;
    const pause = new Promise<void>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const finish = (): void => {
        timer.cancel();
        unwatch?.();
        this.#interrupts.delete(interrupt);
        if (this.#interrupts.size === 0 && this.#bodyEntered !== undefined && !signal.aborted)
          this.#watchdog?.working();
      };
      const resume = (): void => {
        finish();
        resolve();
      };
      const interrupt = (): void => {
        finish();
        reject(signal.reason);
      };
      const timer = this.#parts.clock.setTimer(resume, milliseconds);
      const unwatch = watch?.(resume);
      this.#interrupts.add(interrupt);
      this.#watchdog?.waiting();
      if (this.#provenAtNextWait) this.#proven();
    });
    // A body may start a wait and never look at it; its end by an abort must not end the process.
    pause.catch(() => {});
    return pause;
  }

  #awaitHealth(limitMs: number): void {
    const look = (): void => {
      const inWait = this.#interrupts.size > 0;
      const limit = this.#ticks > 0 || inWait ? limitMs : Math.max(limitMs, SILENT_PROOF_MS);
      const rest = limit - (this.#parts.clock.monotonic() - (this.healthySince ?? 0));
      if (rest > 0) this.#healthTimer = this.#parts.clock.setTimer(look, rest);
      // One who ticks and still works on his first tick may as well be waiting for an answer that never comes.
      else if (this.#ticks > 0 && !inWait) this.#provenAtNextWait = true;
      else this.#proven();
    };
    this.#healthTimer = this.#parts.clock.setTimer(look, limitMs);
  }
}
