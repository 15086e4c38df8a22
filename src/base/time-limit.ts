import type { Clock } from './clock.ts';
import { abortError, LabwireError } from './errors.ts';

/** Settles as `promise` does, or rejects with TIMEOUT after `milliseconds`; what comes later is dropped. */
export function within<T>(clock: Clock, milliseconds: number, promise: Promise<T>, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const limit = clock.setTimer(
      () => reject(new LabwireError('TIMEOUT', `${what} took longer than ${milliseconds / 1000} s`)),
      milliseconds,
    );
    promise.then(resolve, reject).finally(() => limit.cancel());
  });
}

/**
 * Settles as `promise` does, or rejects with ABORTED as soon as the signal is aborted; what comes later is dropped. Leaves a
 * reaction on the promise until that settles: not for one that is waited for again and again.
 */
export function unlessAborted<T>(promise: Promise<T>, what: string, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortError(what, signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
