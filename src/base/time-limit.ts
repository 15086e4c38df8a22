import type { Clock } from './clock.ts';
import { LabwireError } from './errors.ts';

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
