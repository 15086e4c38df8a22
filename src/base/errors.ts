import type { ErrorCode } from './codes.ts';
import { show } from './show.ts';

export interface ErrorDetails {
  readonly cause?: unknown;
}

/** The one error class of labwire. The code stands in the message too, so that a pasted log line can be searched for. */
export class LabwireError extends Error {
  override readonly name: string = 'LabwireError';
  readonly code: ErrorCode;

  /** @param message says what, where, and what to do */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(`${message} (${code})`, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
  }
}

/**
 * What a task's `startPre` had waited for is gone, as with systemd's `BindsTo=`. Thrown by a task's body it is no
 * failure: the task goes back to `activating` and waits anew.
 */
export class ConditionLost extends LabwireError {
  override readonly name = 'ConditionLost';

  constructor(message: string, details: ErrorDetails = {}) {
    super('CONDITION_LOST', message, details);
  }
}

/** The only error that a parser of bytes throws. `reason` is the key under which the discarded frame is counted. */
export class FrameError extends LabwireError {
  override readonly name = 'FrameError';
  readonly reason: string;

  constructor(code: ErrorCode, reason: string, message: string, details: ErrorDetails = {}) {
    super(code, message, details);
    this.reason = reason;
  }
}

/** Whatever was thrown, as an Error. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(typeof thrown === 'string' ? thrown : show(thrown), { cause: thrown });
}

export function isAbort(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || (error instanceof LabwireError && error.code === 'ABORTED'));
}

/** The reason of an aborted signal as labwire's own error, for every wait that a signal ends. */
export function abortError(what: string, signal?: AbortSignal): LabwireError {
  return new LabwireError('ABORTED', `${what} was cancelled`, { cause: signal?.reason });
}
