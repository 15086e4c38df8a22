import {
  abortError,
  type Clock,
  codeOf,
  isAbort,
  isoTime,
  LabwireError,
  type Logger,
  maskSecrets,
  silentLogger,
  systemClock,
  type Timer,
  toError,
} from '../base/index.ts';
import { AttributeBoard } from './attributes.ts';
import type { TaskBody, TaskContext, TaskError, TaskResult, TaskState } from './context.ts';
import type { TaskControl, TaskEvent, TaskHost } from './control.ts';
import { FailureRow, type Reporter } from './failure-row.ts';
import { type OptionLayer, type ResolvedTaskOptions, resolveOptions, type TaskOptions } from './options.ts';
import { decide, freshStart, type RestartState, type RunEvent, unreachableLimit } from './restart-policy.ts';
import { Run } from './run.ts';

type Outcome = { readonly kind: 'returned' } | { readonly kind: 'threw'; readonly error: Error };

/** Pause before `startPre` is asked anew: a condition that comes and goes at once must not keep the process busy. */
const CONDITION_PAUSE_MS = 20;

/** A body without ticks that fails late, at the time limit of a connect, has not shown that it works. */
const LEAST_PROOF_SEC = 10;

const aloneHost: TaskHost = {
  clock: systemClock,
  random: Math.random,
  log: silentLogger,
  // Without a server nobody can shut the process down; when it ends, it ends with status 1.
  exit: () => {
    process.exitCode = 1;
  },
};

/** The state machine of one task. Each method takes it from one state to the next; the policy decides about restarts. */
export class Lifecycle implements TaskControl {
  readonly kind = 'task';
  readonly attributes = [
    'autostart',
    'status',
    'state',
    'result',
    'restarts',
    'lastError',
    'activeSince',
    'nextStartAt',
  ] as const;
  readonly methods = ['start', 'stop', 'restart'] as const;
  readonly board = new AttributeBoard();
  path = '';
  readonly #body: TaskBody;
  readonly #waits: ((context: TaskContext) => Promise<void>)[] = [];
  #layers: readonly OptionLayer[];
  #options: ResolvedTaskOptions;
  #provenByTime = true;
  #host = aloneHost;
  #log: Logger = silentLogger;
  #policy: RestartState = freshStart;
  readonly #row = new FailureRow();
  #missedTicks = 0;
  /** The run in progress: `activating`, `active` or `deactivating`. */
  #run: Run | undefined;
  /** Between two runs: the wait of `auto-restart`, or the pause after a lost condition. */
  #waiting: Timer | undefined;
  /** Limit of the winding up of `#run`. */
  #patience: { readonly timer: Timer; readonly due: number } | undefined;
  #stopping: Deferred | undefined;
  /** Given up after its time limit, but still there: no other run may begin. */
  #abandoned: Run | undefined;
  /** A start that waits for the end of `#run` or `#abandoned`. */
  #startAfter = false;
  /** Its owner has stopped it for good: starts are not heeded. */
  #closed = false;

  constructor(options: TaskOptions, body: TaskBody) {
    if (typeof body !== 'function') throw new LabwireError('TASK_OPTION', 'A task takes its options and its body');
    this.#layers = [{ name: 'the driver', options: { ...options } }];
    this.#options = resolveOptions('Task', this.#layers);
    this.#body = body;
  }

  get options(): ResolvedTaskOptions {
    return this.#options;
  }

  get doc(): string {
    return this.#options.doc;
  }

  get missedTicks(): number {
    return this.#missedTicks;
  }

  get(attribute: string): unknown {
    if (attribute === 'autostart') return this.#options.autostart;
    return (this.board.values as unknown as Record<string, unknown>)[attribute];
  }

  onChange(listener: (attribute: string, value: unknown) => void): () => void {
    return this.board.onChange(listener);
  }

  bind(path: string, host: TaskHost): void {
    this.path = path;
    this.#host = host;
    this.#log = host.log.child({ task: path });
  }

  configure(layer: string, options: Record<string, unknown>): void {
    const index = this.#layers.findIndex((other, at) => at > 0 && other.name === layer);
    const added = { name: layer, options: { ...options } };
    const layers = index < 0 ? [...this.#layers, added] : this.#layers.with(index, added);
    this.#options = resolveOptions(this.#name, layers);
    this.#layers = layers;
  }

  warnings(): string[] {
    const warning = unreachableLimit(this.#name, this.#options);
    return warning === undefined ? [] : [warning];
  }

  startPre(wait: (context: TaskContext) => Promise<void>): void {
    this.#waits.push(wait);
  }

  progress(): void {
    this.#run?.notify();
  }

  provenByProgress(): void {
    this.#provenByTime = false;
  }

  start(): void {
    if (this.#closed || this.#waiting) return;
    if (this.#run ? this.#run.stopAsked : this.#abandoned) this.#startAfter = true;
    else if (!this.#run) this.#startManually();
  }

  stop(): Promise<void> {
    return this.#stopWithin(this.#options.timeoutStopSec).then(() => {});
  }

  reopen(): void {
    this.#closed = false;
  }

  stopWithin(capSec: number): Promise<boolean> {
    this.#closed = true;
    return this.#stopWithin(Math.min(this.#options.timeoutStopSec, capSec));
  }

  restart(): void {
    if (this.#closed) return;
    if (this.#run) {
      void this.stop();
      this.#startAfter = true;
    } else {
      this.#cancelWait();
      this.start();
    }
  }

  endRestartWait(): void {
    if (this.board.values.state === 'auto-restart' && this.#cancelWait()) this.#beginRestart();
  }

  get #name(): string {
    return this.path === '' ? 'Task' : `Task ${this.path}`;
  }

  get #reporter(): Reporter {
    return { name: this.#name, log: this.#log, clock: this.#clock, event: (event) => this.#tell(event) };
  }

  /** Whoever hears of events must not decide about the task by a mistake of his own. */
  #tell(event: TaskEvent): void {
    try {
      this.#host.event?.(event);
    } catch (error) {
      this.#log.error({ err: toError(error) }, `an event could not be told: ${toError(error).message}`);
    }
  }

  get #clock(): Clock {
    return this.#host.clock;
  }

  #startManually(): void {
    this.#startAfter = false;
    this.#policy = freshStart;
    this.#row.reset();
    this.#missedTicks = 0;
    this.#begin({ restarts: 0, result: 'success' });
  }

  #beginRestart(): void {
    this.#decide({ kind: 'restarted', at: this.#clock.monotonic() });
    this.#begin();
  }

  #begin(changes: { restarts?: number; result?: TaskResult } = {}): void {
    const run = new Run({
      clock: this.#clock,
      log: this.#log,
      watchdogSec: this.#options.watchdogSec,
      provenAfterSec:
        this.#row.open && this.#provenByTime ? Math.max(this.#options.restartMaxDelaySec, LEAST_PROOF_SEC) : undefined,
      stuck: () => this.#stuck(run),
      proven: () => {
        if (this.#row.open) this.#row.recovered(this.#reporter);
      },
      missed: (ticks) => {
        this.#missedTicks += ticks;
      },
    });
    this.#run = run;
    const waits = this.#options.startPre ? [...this.#waits, this.#options.startPre] : [...this.#waits];
    if (waits.length > 0) this.board.update({ ...changes, state: 'activating' });
    else this.board.update({ ...changes, ...this.#active() });
    void this.#execute(run, waits).then((outcome) => this.#ended(run, outcome));
  }

  async #execute(run: Run, waits: readonly ((context: TaskContext) => Promise<void>)[]): Promise<Outcome> {
    try {
      // Nothing of the body runs within start(): a stop in the same tick is in time.
      await undefined;
      for (const wait of waits) {
        run.signal.throwIfAborted();
        await wait(run.context);
      }
      run.signal.throwIfAborted();
      if (waits.length > 0) this.board.update(this.#active());
      run.enterBody();
      await this.#body(run.context);
      return { kind: 'returned' };
    } catch (thrown) {
      return { kind: 'threw', error: toError(thrown) };
    }
  }

  #active(): { state: TaskState; activeSince: string } {
    return { state: 'active', activeSince: isoTime(this.#clock.now()) };
  }

  #ended(run: Run, outcome: Outcome): void {
    const aborted =
      outcome.kind === 'threw' && (isAbort(outcome.error, run.signal) || outcome.error.name === 'AbortError');
    run.end();
    if ((run.stopAsked || run.verdict) && outcome.kind === 'threw' && !aborted) {
      this.#log.warn({ err: outcome.error }, `threw while it was stopped: ${outcome.error.message}`);
    }
    if (run === this.#abandoned) this.#abandonedEnded();
    else {
      this.#run = undefined;
      this.#patience?.timer.cancel();
      this.#patience = undefined;
      if (run.stopAsked) this.#rest();
      else if (run.verdict) this.#failed(run, run.verdict, 'watchdog');
      else if (outcome.kind === 'returned') {
        this.#row.recovered(this.#reporter);
        this.board.update({ state: 'inactive', result: 'success' });
      } else if (codeOf(outcome.error) === 'CONDITION_LOST') this.#conditionLost(run, outcome.error);
      else this.#failed(run, outcome.error, 'exception');
    }
  }

  /** A stopped body has ended. */
  #rest(): void {
    const stopping = this.#stopping;
    this.#stopping = undefined;
    this.board.update({ state: 'inactive', result: 'success' });
    stopping?.resolve(true);
    if (this.#startAfter) this.#startManually();
  }

  #conditionLost(run: Run, error: Error): void {
    this.#log.debug({ err: error }, 'lost its condition and waits for it anew');
    this.#decide({ kind: 'condition-lost', at: this.#clock.monotonic(), healthySince: run.healthySince });
    this.#wait(CONDITION_PAUSE_MS, () => this.#begin());
    this.board.update({ state: 'activating' });
  }

  #failed(run: Run, error: Error, result: TaskResult): void {
    const decision = this.#decide({
      kind: 'failed',
      at: this.#clock.monotonic(),
      healthySince: run.healthySince,
      random: this.#host.random(),
    });
    const lastError = this.#describe(error);
    if (decision.action === 'wait') {
      const { delaySec } = decision;
      this.#wait(delaySec * 1000, () => this.#beginRestart());
      this.board.update({
        lastError,
        result,
        restarts: this.board.values.restarts + 1,
        nextStartAt: isoTime(this.#clock.now() + delaySec * 1_000_000),
        state: 'auto-restart',
      });
      this.#row.failed(this.#reporter, error, `the next run begins in ${Number(delaySec.toPrecision(3))} s`);
      return;
    }
    const limit = decision.action === 'give-up' && decision.reason === 'start-limit';
    const { startLimitBurst, startLimitIntervalSec } = this.#options;
    this.#row.failed(this.#reporter, error, 'there is no next run');
    this.#giveUp(
      error,
      limit ? 'start-limit-hit' : result,
      limit ? `${startLimitBurst} restarts within ${startLimitIntervalSec} s` : 'restartOnException is false',
    );
  }

  #giveUp(error: Error, result: TaskResult, why: string): void {
    this.board.update({ lastError: this.#describe(error), result, state: 'failed' });
    this.#row.gaveUp(this.#reporter, error, why);
    if (this.#options.exitOnFailure) this.#host.exit?.(this.path, error);
  }

  #stuck(run: Run): void {
    const limit = this.#options.watchdogSec;
    run.verdict = new LabwireError(
      'TASK_WATCHDOG',
      `${this.#name} worked for ${limit} s without a wait or notify(), longer than watchdogSec allows`,
    );
    this.board.update({ state: 'deactivating' });
    this.#limitWindingUp(run, this.#options.timeoutStopSec);
    run.abort(run.verdict);
  }

  /** True when nothing of the task is left, false when a body was or had been abandoned. */
  #stopWithin(limitSec: number): Promise<boolean> {
    this.#startAfter = false;
    if (this.#cancelWait()) this.board.update({ state: 'inactive' });
    const run = this.#run;
    if (!run) return Promise.resolve(!this.#abandoned);
    this.#stopping ??= defer();
    const { promise } = this.#stopping;
    run.stopAsked = true;
    this.#limitWindingUp(run, limitSec);
    this.board.update({ state: 'deactivating' });
    run.abort(abortError(this.#name));
    return promise;
  }

  /** The shorter limit counts: a shutdown does not wait out the longer one of an earlier stop. */
  #limitWindingUp(run: Run, limitSec: number): void {
    const due = this.#clock.monotonic() + limitSec * 1000;
    if (this.#patience && this.#patience.due <= due) return;
    this.#patience?.timer.cancel();
    this.#patience = { due, timer: this.#clock.setTimer(() => this.#abandon(run, limitSec), limitSec * 1000) };
  }

  #abandon(run: Run, limitSec: number): void {
    const stopping = this.#stopping;
    this.#stopping = undefined;
    this.#run = undefined;
    this.#patience = undefined;
    this.#abandoned = run;
    const late = `its body did not end within ${limitSec} s of being stopped and was abandoned`;
    if (run.stopAsked || !run.verdict) {
      this.#giveUp(new LabwireError('TIMEOUT', `${this.#name}: ${late}`), 'timeout', 'abandoned');
    } else this.#giveUp(run.verdict, 'watchdog', late);
    stopping?.resolve(false);
  }

  #abandonedEnded(): void {
    this.#abandoned = undefined;
    this.#log.info('the abandoned body has ended');
    if (this.#startAfter) this.#startManually();
  }

  #wait(milliseconds: number, then: () => void): void {
    this.#waiting = this.#clock.setTimer(() => {
      this.#waiting = undefined;
      then();
    }, milliseconds);
  }

  #cancelWait(): boolean {
    if (!this.#waiting) return false;
    this.#waiting.cancel();
    this.#waiting = undefined;
    return true;
  }

  #decide(event: RunEvent) {
    const { state, decision } = decide(this.#policy, event, this.#options);
    this.#policy = state;
    return decision;
  }

  #describe(error: Error): TaskError {
    const message = maskSecrets(error.message);
    return { message, name: error.name, code: codeOf(error), time: isoTime(this.#clock.now()) };
  }
}

interface Deferred {
  readonly promise: Promise<boolean>;
  readonly resolve: (ended: boolean) => void;
}

function defer(): Deferred {
  let resolve: (ended: boolean) => void = () => {};
  const promise = new Promise<boolean>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
