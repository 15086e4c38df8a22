import type { IncomingHttpHeaders } from 'node:http';
import { LabwireError } from '../../base/index.ts';

/** Why somebody is not let in, or not let do something. */
export class AccessRefused extends LabwireError {
  /** Seconds after which another attempt makes sense. */
  readonly retryAfter: number | undefined;

  constructor(code: 'UNAUTHENTICATED' | 'FORBIDDEN' | 'TOO_MANY_ATTEMPTS', detail: string, retryAfter?: number) {
    super(code, detail);
    this.retryAfter = retryAfter;
  }
}

/** The same words whatever was wrong: whoever guesses learns nothing of it. */
export function wrongCredentials(): AccessRefused {
  return new AccessRefused('UNAUTHENTICATED', 'The user, password or token is not known here');
}

export function tooManyAttempts(retryAfter: number): AccessRefused {
  const detail = `Too many failed attempts; the next one is looked at in ${retryAfter} s`;
  return new AccessRefused('TOO_MANY_ATTEMPTS', detail, retryAfter);
}

/**
 * What a refused one is asked for (`WWW-Authenticate`). At `Basic` a browser asks for user and password by itself: right
 * for a page that is opened, but not for what a script of the page asks for, which has a form of its own.
 */
export function challengeOf(headers: IncomingHttpHeaders): string {
  const mode = headers['sec-fetch-mode'];
  const byScript = mode !== undefined && mode !== 'navigate';
  return byScript ? 'Bearer realm="labwire"' : 'Basic realm="labwire", charset="UTF-8"';
}
