import { type ErrorCode, errorCodes } from './codes.ts';
import { show } from './show.ts';

export interface ErrorDetails {
  readonly cause?: unknown;
}

/** The one error class of labwire. The code stands in the message too, so that a pasted log line can be searched for. */
export class LabwireError extends Error {
  override readonly name: string = 'LabwireError';
  readonly code: ErrorCode;
  /** The message without its code. */
  readonly detail: string;

  /** @param detail says what, where, and what to do */
  constructor(code: ErrorCode, detail: string, details: ErrorDetails = {}) {
    super(`${detail} (${code})`, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.detail = detail;
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

/** The code of an error of labwire, also of another copy of it that a driver brought along; null of any other error. */
export function codeOf(error: Error): ErrorCode | null {
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : null;
}

/** Whatever was thrown, as an Error that can be read without a surprise: a text as its message and as its name. */
export function toError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error && typeof thrown.message === 'string' && typeof thrown.name === 'string') {
      codeOf(thrown);
      return thrown;
    }
    const message = typeof thrown === 'object' && thrown !== null && 'message' in thrown ? thrown.message : thrown;
    return new Error(typeof message === 'string' ? message : show(thrown), { cause: thrown });
  } catch (error) {
    // A getter or a proxy that throws itself.
    return new Error('An error that cannot be read', { cause: error });
  }
}

export function isAbort(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || (error instanceof Error && codeOf(error) === 'ABORTED'));
}

/** The reason of an aborted signal as labwire's own error, for every wait that a signal ends. */
export function abortError(what: string, signal?: AbortSignal): LabwireError {
  return new LabwireError('ABORTED', `${what} was cancelled`, { cause: signal?.reason });
}
