import type { ConfigIssue } from './issue.ts';
import type { Configuration } from './schema.ts';

export interface LoadOptions {
  /** Names of the drivers, each of which a device may have as a section. */
  readonly sections: Iterable<string>;
  /** For `${NAME}`; default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** An issue with its place in a file; line and column count from 1. */
export interface LocatedIssue extends ConfigIssue {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface LoadedConfiguration {
  /** Absent where there is an error. */
  readonly configuration?: Configuration;
  /** All that is wrong, in order of position. */
  readonly issues: readonly LocatedIssue[];
  /** Finds the place of what a later check, the gateway's own, has found. */
  locate(issue: ConfigIssue): LocatedIssue;
  /** The files that were read, the main one first. */
  readonly files: readonly string[];
  /** A canonical text of each device after substitution: what did not change here did not change. Holds secrets. */
  readonly deviceText: ReadonlyMap<string, string>;
}

/** Reads `labwire.yaml` and `devices.d/*.yaml` beside it. Never throws: all that is wrong is an issue. */
export function loadConfiguration(_file: string, _options: LoadOptions): LoadedConfiguration {
  return {
    issues: [],
    locate: (issue) => ({ ...issue, file: '', line: 1, column: 1 }),
    files: [],
    deviceText: new Map(),
  };
}

/** `file:line:column: message (CODE)` */
export function formatIssue(issue: LocatedIssue): string {
  return `${issue.file}:${issue.line}:${issue.column}: ${issue.message} (${issue.code})`;
}
