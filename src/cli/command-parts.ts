import type { Option } from 'commander';
import type { CliIo } from './io.ts';

/** What a group of commands is declared with: the process, and what looks the same with every command. */
export interface CommandParts {
  readonly io: CliIo;
  /** Told the exit status at the end of a command. */
  readonly finish: (status: number) => void;
  readonly config: () => Option;
  readonly json: () => Option;
  /** Text of a help that shows command lines. */
  readonly examples: (...lines: string[]) => string;
}
