import { fromAscii, toAscii } from './ascii.ts';
import { fromRtu, toRtu } from './rtu.ts';

export type Mode = 'rtu' | 'ascii';

/** What a device holds, by the names of the section `modbus`. */
export const tables = {
  coil: { code: 1, isBits: true, words: 'coil' },
  discrete: { code: 2, isBits: true, words: 'discrete input' },
  holding: { code: 3, isBits: false, words: 'holding register' },
  input: { code: 4, isBits: false, words: 'input register' },
} as const;
export type Table = keyof typeof tables;

/** The most of one question (Modbus Application Protocol 1.1b3, 6.1 to 6.4). */
export const LONGEST_REGISTERS = 125;

/** A question for registers, coils or discrete inputs that lie side by side. */
export interface Question {
  /** Of the device, 1 to 247. */
  readonly address: number;
  readonly table: Table;
  readonly start: number;
  readonly count: number;
}

/** What a device answers: the bytes of what was asked for, or the number of an exception. */
export type Answer = { readonly data: Buffer } | { readonly exception: number };

const EXCEPTION = 0x80;

/** A question as it is given to the framing: one character for each byte, the checksum included. */
export function request(mode: Mode, { address, table, start, count }: Question): string {
  const message = Buffer.from([address, tables[table].code, start >> 8, start & 0xff, count >> 8, count & 0xff]);
  return mode === 'rtu' ? toRtu(message) : toAscii(message);
}

/**
 * What a frame says in answer to a question; undefined where it is none: of another device or function, of another
 * length, the question's own echo, damaged.
 */
export function answerTo(mode: Mode, question: Question, frame: string): Answer | undefined {
  // The echo of a question for bits may look like an answer to it. An answer of the very same bytes is lost by this, on
  // a line without echo too; but such a one comes once in a great many.
  if (frame === request(mode, question)) return undefined;
  const message = mode === 'rtu' ? fromRtu(frame) : fromAscii(frame);
  if (!message || message[0] !== question.address) return undefined;
  const { code } = tables[question.table];
  const third = message[2];
  if (message[1] === (code | EXCEPTION)) {
    return message.length === 3 && third !== undefined ? { exception: third } : undefined;
  }
  const bytes = answerBytes(question);
  return message[1] === code && third === bytes && message.length === 3 + bytes
    ? { data: message.subarray(3) }
    : undefined;
}

/** How many bytes of data answer a question. */
function answerBytes({ table, count }: Pick<Question, 'table' | 'count'>): number {
  return tables[table].isBits ? Math.ceil(count / 8) : 2 * count;
}

/** The bytes of a question and its answer, with address, function and checksum, as they go over the line. */
export function exchange(mode: Mode, asked: Pick<Question, 'table' | 'count'>): { sent: number; received: number } {
  const [sent, received] = [6, 3 + answerBytes(asked)];
  // Two bytes of CRC; or a colon, two digits for each byte and the LRC, and CR LF.
  const onLine = (message: number): number => (mode === 'rtu' ? message + 2 : 2 * (message + 1) + 3);
  return { sent: onLine(sent), received: onLine(received) };
}
