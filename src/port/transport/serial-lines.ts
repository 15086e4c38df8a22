import { type Clock, sleep, toError } from '../../base/index.ts';
import type { SerialSettings } from './serial-settings.ts';

export interface LineLevels {
  readonly dtr: boolean;
  readonly rts: boolean;
  readonly brk: boolean;
}

/**
 * Sets DTR and RTS and sends the break, as far as the settings ask for it. A pseudo-terminal has no such lines, and some
 * adapters lack one: that is no error.
 */
export async function applyLines(
  port: { setLines(levels: LineLevels): Promise<void> },
  { dtr, rts, breakMs = 0, rtscts = false }: SerialSettings,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (dtr === undefined && rts === undefined && breakMs <= 0) return;
  // The binding sets both at once; the system has raised what is not said here.
  const levels = { dtr: dtr ?? true, rts: rtscts || (rts ?? true), brk: false };
  const set = (brk: boolean): Promise<void> =>
    port.setLines({ ...levels, brk }).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  if (breakMs > 0) {
    // The binding may have begun the break and failed of the lines, so that it is held and ended in any case.
    await set(true);
    await sleep(clock, breakMs, signal).finally(() => set(false));
  } else {
    await set(false);
  }
}

/** ENOTTY and EINVAL, which the binding tells in the words of strerror(3). */
function isMissing(error: unknown): boolean {
  return /inappropriate ioctl|invalid argument|not supported/i.test(toError(error).message);
}
