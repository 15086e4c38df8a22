import type { Vitals } from '../../gateway/index.ts';

/** What of a gateway stood still for how many looks, one after the other. */
interface Standing {
  readonly rounds: number;
  readonly committed: number;
  readonly looksAtRounds: number;
  readonly looksAtCommits: number;
}

/**
 * Whether a gateway goes on: a pure reckoning over looks at it in even intervals. They are counted, not timed, so that a
 * process which the system had stopped for an hour is not taken for one that hangs.
 *
 * What fails outside is no hang: instruments may be silent and brokers away for days, and a journal whose disk takes
 * nothing says so and keeps records in memory, which a restart would lose.
 */
export class Progress {
  readonly #most: number;
  #before: Standing | undefined;

  /** @param most looks at which nothing may have moved */
  constructor(most: number) {
    this.#most = most;
  }

  /** @returns what stands still for too long; undefined while all goes on */
  look({ rounds, journal: { state, head, committed } }: Vitals): string | undefined {
    const before = this.#before;
    const looksAtRounds = before?.rounds === rounds ? before.looksAtRounds + 1 : 0;
    const waiting = state === 'ok' && head > committed;
    const looksAtCommits = waiting && before?.committed === committed ? before.looksAtCommits + 1 : 0;
    this.#before = { rounds, committed, looksAtRounds, looksAtCommits };
    if (looksAtRounds > this.#most) return 'no round through devices and sinks is made any more';
    if (looksAtCommits > this.#most) return `${head - committed} records of the journal are not committed`;
    return undefined;
  }
}
