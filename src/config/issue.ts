import type { z } from 'zod';
import type { ErrorCode } from '../base/index.ts';

export type ConfigPath = readonly (string | number)[];

/** One thing that is wrong with a configuration, by its place in the data. */
export interface ConfigIssue {
  readonly code: ErrorCode;
  readonly path: ConfigPath;
  /** Which of the two at this place is meant. */
  readonly at: 'key' | 'value';
  /** A whole sentence without a full stop, which names the place, e.g. `devices.oven.interval must be longer than 0`. */
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

export interface IssueContext {
  /** The schema that found the issues: it knows which keys may stand where. */
  readonly schema: z.ZodType;
  /** Where in the configuration the checked value stands. */
  readonly prefix?: ConfigPath;
  /** Whether the value at a place must not be shown. */
  readonly concealed?: (path: ConfigPath) => boolean;
}

/** What zod found, in words that a technician understands. */
export function configIssues(_issues: readonly z.core.$ZodIssue[], _context: IssueContext): ConfigIssue[] {
  return [];
}
