import { LabwireError } from '../base/index.ts';
import type { Framing } from './framing.ts';

export interface LineOptions {
  /** What ends a received line. Left out: a line feed, and a carriage return before it belongs to no line. */
  readonly receive?: string | readonly string[];
  /** What is appended to each sent line. */
  readonly send: string;
  /** Longest line in bytes, without its terminator; default 4096. */
  readonly maxLength?: number;
}

export function lines(_options: LineOptions): Framing {
  throw new LabwireError('INTERNAL', 'not built yet');
}
