import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
  type ErrorCode as YamlCode,
} from 'yaml';
import { type ConfigPath, type ErrorCode, toError } from '../base/index.ts';
import { type SubstitutionSource, substitute } from './substitute.ts';

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Something wrong with a file before its content is looked at. */
export interface FileFault extends Position {
  readonly code: ErrorCode;
  readonly message: string;
}

interface Place {
  readonly key: number | undefined;
  readonly value: number | undefined;
  readonly substituted: boolean;
}

const DEEPEST = 32;
/** Nodes after aliases are resolved: a few nested aliases can stand for billions. */
const MOST_NODES = 100_000;

/** What to do about the parser's complaints: its own words name what YAML forbids, not what was meant. */
const remedies: Readonly<Partial<Record<YamlCode, string>>> = {
  TAB_AS_INDENT: '; indent with blanks',
  BAD_INDENT: '; keys of one mapping begin in one column, and each { needs its }',
  BAD_SCALAR_START: "; put the text in quotes: '%'",
  BAD_DQ_ESCAPE: '; put a text with backslashes in single quotes',
  BLOCK_AS_IMPLICIT_KEY: '; put a text that has a colon in quotes, or mend the indentation',
  BLOCK_IN_FLOW: '; put a comma between two keys within { }',
  MULTILINE_IMPLICIT_KEY: '; put a blank behind the colon, or mend the indentation',
};

const pathKey = (path: ConfigPath): string => JSON.stringify(path.map(String));

/** The content of one YAML text as plain data, with the place of each key and value. */
export class YamlFile {
  readonly value: unknown;
  readonly faults: FileFault[] = [];
  readonly #lines = new LineCounter();
  readonly #places = new Map<string, Place>();
  readonly #source: SubstitutionSource;
  #nodes = 0;
  #exceeded = false;

  constructor(text: string, source: SubstitutionSource) {
    this.#source = source;
    const contents = this.#parse(text);
    if (contents && this.faults.length === 0) this.value = this.#plain(contents, [], undefined, new Map());
  }

  #parse(text: string): Node | null {
    try {
      // Repeated keys are found below: there the place of the first one is known.
      const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, uniqueKeys: false });
      for (const fault of [...document.errors, ...document.warnings]) this.#syntax(fault, text);
      return document.contents as Node | null;
    } catch (error) {
      // The parser recurses: brackets nested by the thousand exhaust the stack.
      this.#fault('CONFIG_SYNTAX', `the file cannot be read as YAML: ${toError(error).message}`, 0);
      return null;
    }
  }

  /** Where a key or value stands; for one that is not there, its nearest owner. */
  position(path: ConfigPath, at: 'key' | 'value'): Position {
    for (let length = path.length; length >= 0; length--) {
      const place = this.#places.get(pathKey(path.slice(0, length)));
      if (!place) continue;
      const wantsKey = at === 'key' || length < path.length;
      const offset = wantsKey ? (place.key ?? place.value) : (place.value ?? place.key);
      return this.#at(offset ?? 0);
    }
    return { line: 1, column: 1 };
  }

  /** Whether the value came, whole or in part, from the environment or another file. */
  substituted(path: ConfigPath): boolean {
    return this.#places.get(pathKey(path))?.substituted ?? false;
  }

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  #fault(code: ErrorCode, message: string, offset: number): void {
    this.faults.push({ code, message, ...this.#at(offset) });
  }

  #syntax({ code, message, pos: [offset] }: YAMLError, text: string): void {
    const { line } = this.#at(offset);
    // One mistake makes the parser complain of the rest of its line, and of all that follows the document's early end.
    const afterEnd = message.includes('in YAML stream') && this.faults.length > 0;
    if (afterEnd || this.faults.some((fault) => fault.line === line)) return;
    const variable = text.split('\n')[line - 1]?.includes('${');
    const hint = variable ? '; within { } what stands for a variable needs quotes' : (remedies[code] ?? '');
    this.#fault('CONFIG_SYNTAX', `${firstLine(message)}${hint}`, offset);
  }

  /** The plain value of a node. `anchors` holds those that stand before it, as YAML has it. */
  #plain(node: Node | null, path: ConfigPath, key: number | undefined, anchors: Map<string, Node>): unknown {
    const offset = node?.range?.[0];
    const place = (substituted: boolean): void => {
      this.#places.set(pathKey(path), { key, value: offset, substituted });
    };
    place(false);
    if (this.#exceeded) return undefined;
    this.#nodes += 1;
    if (this.#nodes > MOST_NODES || path.length > DEEPEST) {
      this.#exceeded = true;
      const limit = path.length > DEEPEST ? `${DEEPEST} levels` : `${MOST_NODES} entries`;
      this.#fault('CONFIG_SYNTAX', `the file stands for more than ${limit}, aliases included`, offset ?? key ?? 0);
      return undefined;
    }
    if (isAlias(node)) return this.#plain(anchors.get(node.source) ?? null, path, key, anchors);
    if (node?.anchor) anchors.set(node.anchor, node);
    if (isMap(node)) return this.#mapping(node.items as { key: unknown; value: unknown }[], path, anchors);
    if (isSeq(node))
      return node.items.map((item, index) => this.#plain(item as Node, [...path, index], undefined, anchors));
    if (!isScalar(node)) return null;
    if (typeof node.value !== 'string') return node.value;
    const { text, substituted, errors } = substitute(node.value, this.#source);
    for (const error of errors) this.#fault('CONFIG_SUBSTITUTION', error, offset ?? 0);
    place(substituted);
    return text;
  }

  #mapping(items: { key: unknown; value: unknown }[], path: ConfigPath, anchors: Map<string, Node>): object {
    const result: Record<string, unknown> = {};
    const lines = new Map<string, number>();
    for (const { key, value } of items) {
      const offset = isScalar(key) ? (key.range?.[0] ?? 0) : ((key as Node | null)?.range?.[0] ?? 0);
      if (!isScalar(key) || key.value === '__proto__') {
        this.#fault('CONFIG_SYNTAX', 'a key must be a plain word', offset);
        continue;
      }
      const name = String(key.value);
      const before = lines.get(name);
      if (before !== undefined) {
        this.#fault(
          'CONFIG_SYNTAX',
          `the key "${name}" stands here for the second time, first in line ${before}`,
          offset,
        );
        continue;
      }
      lines.set(name, this.#at(offset).line);
      if (key.anchor) anchors.set(key.anchor, key);
      result[name] = this.#plain(value as Node | null, [...path, name], offset, anchors);
    }
    return result;
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message;
}
