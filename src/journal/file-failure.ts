import { ForeignFile } from './journal-schema.ts';
import type { Failure } from './messages.ts';

/** A failure with a code that the other thread understands. */
export class FileFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Another process has the file. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}

/** The file is not what SQLite wrote. */
export function isDamage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && isDamageCode(String(error.code));
}

export function isDamageCode(code: string): boolean {
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}

/** Whatever was thrown as plain data. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ForeignFile) return { code: 'FOREIGN', message: error.message };
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  return { code, message: error.message };
}
