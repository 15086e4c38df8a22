import { vi } from 'vitest';

const LEAST_MS = 2_000;
const TIMES = 20;

/**
 * Makes each limit of 2 s or more that begins from now on twenty times as long, until `vi.restoreAllMocks()`: for tests of other
 * things than limits. After a halt of this process, as a busy machine makes them, timers come before what has arrived meanwhile.
 */
export function lengthenLimits(): void {
  const { setTimeout } = globalThis;
  const lengthened = (callback: () => void, milliseconds = 0): NodeJS.Timeout =>
    setTimeout(callback, milliseconds < LEAST_MS ? milliseconds : milliseconds * TIMES);
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(lengthened as typeof setTimeout);
}
