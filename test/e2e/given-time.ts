import { readdirSync, readFileSync } from 'node:fs';
import { ownTime } from '../own-time.ts';

/** ns that the threads of a process were ready to run so far, and waited for a CPU. */
export function waitedForCpu(pid: number): bigint {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder).reduce((sum, thread) => {
    try {
      // The time that it ran, the time that it waited, and how often.
      return sum + BigInt(readFileSync(`${folder}/${thread}/schedstat`, 'latin1').split(' ')[1] ?? 0);
    } catch {
      // It has ended meanwhile.
      return sum;
    }
  }, 0n);
}

/**
 * A stopwatch over the time that both this process and another were given: what waits for either is no wait of what is
 * tested.
 *
 * @returns what ends the watch, and says the ms, and how many were left out
 */
export function givenTime(pid: number): () => { readonly given: number; readonly waited: number } {
  const [own, start, before] = [ownTime(), performance.now(), waitedForCpu(pid)];
  return () => {
    const mine = own();
    const elapsed = performance.now() - start;
    const given = mine - Math.max(0, Number(waitedForCpu(pid) - before) / 1e6);
    return { given, waited: elapsed - given };
  };
}
