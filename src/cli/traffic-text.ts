import { isoTime } from '../base/index.ts';
import type { TrafficEntry, TrafficKind } from '../port/index.ts';
import { visibleBytes, visibleWords } from './terminal-text.ts';

export interface TrafficTextOptions {
  /** Default both. */
  readonly only?: 'hex' | 'text' | undefined;
  /** Default without. */
  readonly colours?: boolean | undefined;
}

const HEX_BYTES = 16;
const HEX_WIDTH = 3 * HEX_BYTES + 2;
const INDENT = ' '.repeat('12:04:05.123  →  '.length);

const signs: Readonly<Record<TrafficKind, string>> = {
  sent: '→',
  received: '←',
  discarded: '×',
  dropped: '×',
  frame: '=',
  error: '!',
  state: '•',
};

/** SGR parameters: what was asked, what came, what was lost. */
const colours: Readonly<Record<TrafficKind, string>> = {
  sent: '36',
  received: '32',
  discarded: '33',
  dropped: '33',
  frame: '0',
  error: '31',
  state: '2',
};

/**
 * Traffic for people, in local time. What an instrument sent is shown in printable ASCII: any other byte is `\r`, `\n`,
 * `\t` or `\xNN`, a backslash is `\\`. So nothing that it sent can do anything to the terminal.
 */
export class TrafficText {
  readonly #only: 'hex' | 'text' | undefined;
  readonly #coloured: boolean;
  #day = '';
  #sequence: number | undefined;

  constructor(options: TrafficTextOptions = {}) {
    this.#only = options.only;
    this.#coloured = options.colours ?? false;
  }

  /** The lines of the next entry, those of a new day and of a gap before it. */
  of(entry: TrafficEntry): string[] {
    const { sequence, at, kind } = entry;
    const time = new Date(at / 1000);
    const before: string[] = [];
    const missing = sequence - (this.#sequence ?? sequence - 1) - 1;
    if (missing > 0) before.push(`… ${missing} ${missing === 1 ? 'entry was' : 'entries were'} overwritten`);
    this.#sequence = sequence;
    const day = dayOf(time);
    if (day !== this.#day) before.push(day);
    this.#day = day;
    const [first = '', ...further] = this.#body(entry);
    const lines = [`${timeOf(time)}  ${signs[kind]}  ${first}`, ...further.map((line) => INDENT + line)];
    return [...before, ...lines.map((line) => this.#colour(line.trimEnd(), kind))];
  }

  #body({ kind, bytes, text = '' }: TrafficEntry): string[] {
    if (bytes) return this.#dump(bytes);
    if (kind === 'dropped') return [`dropped: ${visibleWords(text)}`];
    if (kind !== 'frame') return [visibleWords(text)];
    if (this.#only === 'text' || (this.#only === undefined && PRINTABLE.test(text))) return textLines(text);
    return this.#dump(Buffer.from(text, 'latin1'));
  }

  #dump(bytes: Buffer): string[] {
    if (this.#only === 'text') return textLines(bytes.toString('latin1'));
    const lines: string[] = [];
    for (let offset = 0; offset < bytes.length; offset += HEX_BYTES) {
      const part = bytes.subarray(offset, offset + HEX_BYTES);
      const hex = part.toString('hex').replace(/../g, '$& ');
      lines.push(this.#only === 'hex' ? hex : hex.padEnd(HEX_WIDTH) + visibleBytes(part.toString('latin1')));
    }
    return lines;
  }

  #colour(line: string, kind: TrafficKind): string {
    return this.#coloured ? `\u001b[${colours[kind]}m${line}\u001b[0m` : line;
  }
}

/** One line of JSON, in ASCII: as text of a terminal it would else be obeyed by it. */
export function trafficJson({ sequence, at, kind, bytes, text }: TrafficEntry): string {
  const json = JSON.stringify({ sequence, at: isoTime(at), kind, hex: bytes?.toString('hex'), text });
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const PRINTABLE = /^[ -~]*$/;
const TEXT_BYTES = 128;

/** Text by its own lines, long ones in pieces. */
function textLines(latin1: string): string[] {
  const pieces = latin1.match(new RegExp(`[^\\n]{1,${TEXT_BYTES}}\\n?|\\n`, 'g')) ?? [];
  return pieces.map(visibleBytes);
}

function timeOf(time: Date): string {
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0'));
  return `${parts.join(':')}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

function dayOf(time: Date): string {
  const parts = [time.getMonth() + 1, time.getDate()].map((part) => String(part).padStart(2, '0'));
  return `${String(time.getFullYear()).padStart(4, '0')}-${parts.join('-')}`;
}
