import { codeOf, type ErrorCode, LabwireError, maskSecrets, toError } from '../base/index.ts';

/** Of what labwire's own routes answer to what they do not do. */
export interface ErrorBody {
  readonly error: { readonly code: ErrorCode; readonly message: string };
}

/** What is not the caller's mistake in itself, or has a status of its own; all other codes below are 400. */
const statuses: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  READ_ONLY: 403,
  VALUE_READ_ONLY: 403,
  NOT_FOUND: 404,
  MEMBER_UNKNOWN: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TOO_LARGE: 413,
  TOO_MANY_ATTEMPTS: 429,
  REQUEST_INVALID: 400,
  VALUE_INVALID: 400,
  VALUE_REJECTED: 400,
  USAGE: 400,
  QUEUE_FULL: 503,
  TIMEOUT: 503,
  ABORTED: 503,
  JOURNAL_FAILED: 503,
  PORT_ABSENT: 503,
  PORT_BUSY: 503,
  PORT_CLOSED: 503,
  PORT_FAILED: 503,
  REPLY_TIMEOUT: 503,
};

/** Codes of what fastify refuses, by the status that it gives them. */
const ofStatus: Record<number, ErrorCode> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'REQUEST_TOO_LARGE',
  429: 'TOO_MANY_ATTEMPTS',
  503: 'QUEUE_FULL',
};

/** The status of an error: 500 only for a mistake in labwire itself. */
export function statusOf(error: Error): number {
  const code = codeOf(error);
  if (code !== null) return statuses[code] ?? 500;
  const status = 'statusCode' in error ? Number(error.statusCode) : 500;
  if (!(status >= 400 && status < 500)) return status === 503 ? 503 : 500;
  return status in ofStatus ? status : 400;
}

/** An error of fastify in labwire's own words. */
export function asLabwireError(thrown: unknown): LabwireError {
  const error = toError(thrown);
  if (error instanceof LabwireError) return error;
  const code = codeOf(error);
  if (code !== null) return new LabwireError(code, error.message.replace(` (${code})`, ''), { cause: error });
  const status = statusOf(error);
  // What went wrong inside is for the log, not for whoever asks.
  if (status === 500)
    return new LabwireError('INTERNAL', 'The gateway made a mistake; its log tells more', { cause: error });
  return new LabwireError(ofStatus[status] ?? 'REQUEST_INVALID', error.message, { cause: error });
}

export function errorBody({ code, detail }: LabwireError): ErrorBody {
  return { error: { code, message: maskSecrets(detail) } };
}
