import { stat } from 'node:fs/promises';
import { devNull } from 'node:os';
import { type Clock, type Logger, systemClock, type Timer, toError } from '../../base/index.ts';
import type { Vitals } from '../../gateway/index.ts';
import { Notifier } from './notifier.ts';
import { openNotifySocket } from './notify-socket.ts';
import { Progress } from './progress.ts';

export interface SupervisionOptions {
  /** Of the process: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly vitals: () => Vitals;
  readonly clock?: Clock;
  /** Goes once through what every port, file and socket needs; settles when it came back. */
  readonly turn?: () => Promise<unknown>;
  readonly pid?: number;
}

/** What a service manager hears of a run; nothing, where there is none. */
export interface Supervision {
  started(): void;
  /** Tells that the configuration is being changed, for as long as the work takes. */
  reloading<T>(work: () => Promise<T>): Promise<T>;
  stopping(): void;
  end(): void;
}

/** From one look whether there is something to tell to the next: at most, and at least, whatever a watchdog wants. */
const LOOK_MS = 5000;
const SHORTEST_LOOK_MS = 50;
/** For how long nothing may have moved: three rounds of the gateway, which takes one each 10 s, and some more. */
const STANDSTILL_MS = 35_000;

const unsupervised: Supervision = {
  started() {},
  reloading: (work) => work(),
  stopping() {},
  end() {},
};

/**
 * Tells systemd how the run goes, where it asks for that (sd_notify(3), sd_watchdog_enabled(3)): ready, reloading, stopping,
 * a line of status, and a sign of life as often as its watchdog wants it. That sign is given only while the gateway makes
 * progress: when it hangs, systemd ends it and starts it anew.
 */
export function superviseBySystemd(options: SupervisionOptions): Supervision {
  const address = options.env.NOTIFY_SOCKET;
  // Only Linux has systemd.
  if (!address || process.platform !== 'linux') return unsupervised;
  return new SystemdSupervision(address, options);
}

class SystemdSupervision implements Supervision {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #vitals: () => Vitals;
  readonly #turn: () => Promise<unknown>;
  readonly #notifier: Notifier;
  readonly #watched: boolean;
  readonly #intervalMs: number;
  readonly #progress: Progress;
  #timer: Timer | undefined;
  #status = '';
  #turning = false;
  #trouble: string | undefined;
  #reloads = 0;
  #running = false;

  constructor(address: string, { env, log, vitals, clock = systemClock, turn, pid }: SupervisionOptions) {
    this.#log = log;
    this.#clock = clock;
    this.#vitals = vitals;
    this.#turn = turn ?? throughThreadPool;
    this.#notifier = new Notifier(address, { clock, log, open: openNotifySocket });
    const watchdogMs = watchdogOf(env, pid ?? process.pid);
    this.#watched = watchdogMs !== undefined;
    // Twice within the limit, as sd_watchdog_enabled(3) recommends.
    this.#intervalMs = Math.max(SHORTEST_LOOK_MS, Math.min(LOOK_MS, (watchdogMs ?? Number.POSITIVE_INFINITY) / 2));
    this.#progress = new Progress(Math.ceil(STANDSTILL_MS / this.#intervalMs));
  }

  started(): void {
    this.#running = true;
    this.#status = statusLine(this.#vitals());
    this.#notifier.tell('READY=1', `STATUS=${this.#status}`);
    this.#schedule();
  }

  async reloading<T>(work: () => Promise<T>): Promise<T> {
    // Before it is ready it has nothing to reload, as systemd sees it.
    if (!this.#running) return work();
    if (this.#reloads++ === 0) this.#notifier.tell('RELOADING=1');
    try {
      return await work();
    } finally {
      if (--this.#reloads === 0 && this.#running) this.#notifier.tell('READY=1');
    }
  }

  stopping(): void {
    this.#running = false;
    this.#timer?.cancel();
    this.#notifier.tell('STOPPING=1', 'STATUS=Stopping');
  }

  end(): void {
    this.#running = false;
    this.#timer?.cancel();
    this.#notifier.close();
  }

  #schedule(): void {
    this.#timer = this.#clock.setTimer(() => {
      this.#look();
      this.#schedule();
    }, this.#intervalMs);
  }

  #look(): void {
    const vitals = this.#vitals();
    const status = statusLine(vitals);
    if (status !== this.#status) this.#notifier.tell(`STATUS=${status}`);
    this.#status = status;
    if (!this.#watched) return;
    const standing = this.#progress.look(vitals);
    const trouble = standing ?? (this.#turning ? 'no thread is free for ports and files' : undefined);
    if (trouble !== undefined) this.#tellTrouble(trouble);
    if (!this.#turning) void this.#feed(standing === undefined);
  }

  async #feed(going: boolean): Promise<void> {
    this.#turning = true;
    try {
      await this.#turn();
    } catch (error) {
      this.#log.debug({ err: toError(error) }, 'the turn of the watchdog came back with an error');
    }
    this.#turning = false;
    if (!going || !this.#running) return;
    this.#notifier.tell('WATCHDOG=1');
    if (this.#trouble !== undefined) this.#log.info('the gateway goes on; the watchdog is fed again');
    this.#trouble = undefined;
  }

  #tellTrouble(trouble: string): void {
    if (this.#trouble === undefined)
      this.#log.fatal(`the gateway hangs: ${trouble}; the watchdog of systemd is not fed until it goes on`);
    this.#trouble = trouble;
  }
}

/** @returns the limit in ms; undefined where no watchdog watches this process */
function watchdogOf(env: SupervisionOptions['env'], pid: number): number | undefined {
  const { WATCHDOG_USEC: limit = '', WATCHDOG_PID: watched = String(pid) } = env;
  if (!/^[1-9]\d{0,14}$/.test(limit) || watched !== String(pid)) return undefined;
  return Number(limit) / 1000;
}

function statusLine({ devices, online, journal }: Vitals): string {
  const alarm = journal.state === 'ok' ? '' : '; the journal takes nothing';
  return `${online} of ${devices} devices online${alarm}`;
}

/** Serial ports and files are read by the threads of a pool: where all of them hang, so does every port. */
function throughThreadPool(): Promise<unknown> {
  return stat(devNull);
}
