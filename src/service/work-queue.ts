import { LabwireError, sleep, systemClock } from '../base/index.ts';

/** So many requests may wait. */
const LONGEST = 64;

/** One request to an instrument must settle within this time (ms), or the next one has its turn. */
const LIMIT_MS = 10_000;

/** Does one thing at a time, in order: what is asked of one setting of an instrument. */
export class WorkQueue {
  #last: Promise<unknown> = Promise.resolve();
  #length = 0;

  /**
   * Rejects with what `work` throws, or with LabwireError QUEUE_FULL. `work` must settle.
   *
   * @param what names the work in messages, e.g. `Setting oven.power`
   */
  async do(what: string, work: () => Promise<void>): Promise<void> {
    if (this.#length >= LONGEST) {
      throw new LabwireError('QUEUE_FULL', `${what}: ${LONGEST} requests are waiting already; try again later`);
    }
    this.#length++;
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    try {
      await turn;
    } finally {
      this.#length--;
    }
  }
}

/** What `work` gives, or LabwireError TIMEOUT after 10 s. What it gives later goes nowhere. */
export async function inTime<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  const over = new AbortController();
  const limit = sleep(systemClock, LIMIT_MS, over.signal).then(() => {
    throw new LabwireError('TIMEOUT', `${what} got no answer from its instrument within ${LIMIT_MS / 1000} s`);
  });
  const answer = (async () => work())();
  try {
    return await Promise.race([answer, limit]);
  } finally {
    // One of the two loses, and its end is nobody's business.
    limit.catch(() => {});
    over.abort();
  }
}
