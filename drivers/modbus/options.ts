import { type ChannelFacts, schemaParts, z } from '../../src/index.ts';
import { LONGEST_REGISTERS, type Table, tables } from './question.ts';

/** How registers are read, with the number of registers that it takes. */
export const WIDTHS = {
  int16: 1,
  uint16: 1,
  int32: 2,
  uint32: 2,
  float32: 2,
  int64: 4,
  uint64: 4,
  float64: 4,
} as const;
export type NumberFormat = keyof typeof WIDTHS;

/** The last address that a question can name. */
const LAST = 65_535;

const format = z.enum(Object.keys(WIDTHS) as [NumberFormat, ...NumberFormat[]]);

/** The bytes of a value from the highest, A, to the lowest, in the order in which they are sent. */
const wordOrder = z.enum(['ABCD', 'CDAB', 'BADC', 'DCBA']);
export type WordOrder = z.output<typeof wordOrder>;

const place = (kind: string, code: number, manual: string) =>
  z
    .int()
    .min(0)
    .max(LAST)
    .optional()
    .describe(`The ${kind} (function ${code}) in which it begins, counted from 0: ${manual} of many manuals is 0.`);

const channel = schemaParts.channelFacts.extend({
  input: place('input register', tables.input.code, '30001'),
  holding: place('holding register', tables.holding.code, '40001'),
  coil: place('coil', tables.coil.code, '1'),
  discrete: place('discrete input', tables.discrete.code, '10001'),
  as: format.optional().describe('How its registers are read; default uint16.'),
  bit: z.int().min(0).max(15).optional().describe('The one bit of the register that is meant; 0 is the lowest.'),
  order: wordOrder.optional().describe('Order of the bytes of a 32 or 64 bit value; default wordOrder.'),
  scale: z
    .number()
    .refine((scale) => scale !== 0, 'must not be 0')
    .optional()
    .describe("What a step of the register is in the channel's unit; default 1."),
  offset: z.number().optional().describe("Added after scaling, in the channel's unit; default 0."),
});
type Channel = z.output<typeof channel>;

/** The section `modbus`: which registers are read, and as what. */
export const modbusOptions = z
  .strictObject({
    mode: z.enum(['rtu', 'ascii']).default('rtu').describe('How frames are sent; default rtu.'),
    wordOrder: wordOrder
      .default('ABCD')
      .describe('Order of the bytes of 32 and 64 bit values, A the highest; default ABCD.'),
    gap: z
      .int()
      .min(0)
      .max(LONGEST_REGISTERS)
      .default(0)
      .describe(
        'Registers, or coils, that nobody wants but that may be read along between two that are wanted; default 0.',
      ),
    longest: z
      .int()
      .min(1)
      .max(LONGEST_REGISTERS)
      .default(LONGEST_REGISTERS)
      .describe('The most registers that are read by one question (of coils 16 times as many); default 125.'),
    channels: z.record(schemaParts.id, channel).describe('What is in the registers, by channel.'),
  })
  .superRefine(({ longest, channels }, context) => {
    if (Object.keys(channels).length === 0) {
      context.addIssue({ code: 'custom', path: ['channels'], message: 'needs at least one channel' });
    }
    const before: Point[] = [];
    for (const [id, declared] of Object.entries(channels)) {
      for (const [key, message] of channelIssues(declared, longest, before)) {
        context.addIssue({ code: 'custom', path: ['channels', id, ...(key === undefined ? [] : [key])], message });
      }
      const at = placeOf(declared);
      if (at) before.push({ id, ...at });
    }
  })
  .describe('Of the models with Modbus registers: which are read, and as what.');

export type ModbusOptions = z.output<typeof modbusOptions>;

/** Where a channel is found: so many registers, or one coil or discrete input. */
export interface Point {
  readonly id: string;
  readonly table: Table;
  readonly start: number;
  readonly width: number;
  readonly bit?: number;
}

/** A point and what its bytes mean. */
export interface ReadPoint extends Point {
  readonly format: NumberFormat;
  readonly order: WordOrder;
  readonly scale: number;
  readonly offset: number;
}

type Issue = readonly [key: keyof Channel | undefined, message: string];

const tableNames = Object.keys(tables) as Table[];

function placeOf(declared: Channel): Omit<Point, 'id'> | undefined {
  const [table, ...others] = tableNames.filter((name) => declared[name] !== undefined);
  const start = table && declared[table];
  if (table === undefined || start === undefined || others.length > 0) return undefined;
  const { bit, as = 'uint16' } = declared;
  return { table, start, width: tables[table].isBits ? 1 : WIDTHS[as], ...(bit !== undefined && { bit }) };
}

function channelIssues(declared: Channel, longest: number, before: readonly Point[]): Issue[] {
  const at = placeOf(declared);
  if (!at) return [[undefined, 'needs one of input, holding, coil and discrete, and not more than one']];
  return [...meaningIssues(declared, at), ...placeIssues(at, longest, before)];
}

function meaningIssues({ type, as, bit, ...declared }: Channel, { table, width }: Omit<Point, 'id'>): Issue[] {
  const issues: Issue[] = [];
  const isBit = tables[table].isBits || bit !== undefined;
  if (bit !== undefined && tables[table].isBits)
    issues.push(['bit', `is for registers: a ${table} is one bit already`]);
  else if (bit !== undefined && width > 1) issues.push(['as', 'must have 16 bits where one bit is meant']);
  if (as !== undefined && tables[table].isBits) issues.push(['as', `is for registers: a ${table} is one bit`]);
  if (declared.order !== undefined && width === 1) issues.push(['order', 'is for values of 32 and 64 bits']);
  for (const key of ['scale', 'offset'] as const) {
    if (isBit && declared[key] !== undefined) issues.push([key, 'is for numbers: this is one bit']);
  }
  if (isBit && type !== undefined && type !== 'boolean') issues.push(['type', 'must be boolean: this is one bit']);
  if (isBit || type === undefined || type === 'number' || type === 'integer') return issues;
  const remedy = type === 'boolean' ? '; for one bit of a register say which, with "bit"' : '';
  issues.push(['type', `must be number or integer, which is what registers hold${remedy}`]);
  return issues;
}

function placeIssues(at: Omit<Point, 'id'>, longest: number, before: readonly Point[]): Issue[] {
  const { table, start, width, bit } = at;
  if (start <= LAST && start + width - 1 > LAST)
    return [[table, `begins so late that its ${width} registers end behind the last, ${LAST}`]];
  if (width > longest) return [[table, `needs ${width} registers in one question, and longest is ${longest}`]];
  for (const other of before) {
    if (other.table !== table || other.start + other.width <= start || start + width <= other.start) continue;
    const areBits = width === 1 && other.width === 1 && other.bit !== bit;
    if (areBits) continue;
    return [[table, `overlaps with the channel ${other.id}, which is in ${range(table, other.start, other.width)}`]];
  }
  return [];
}

/** For messages: `holding registers 16 to 17`, `coil 3`. */
export function range(table: Table, start: number, count: number): string {
  const { words } = tables[table];
  return count === 1 ? `${words} ${start}` : `${words}s ${start} to ${start + count - 1}`;
}

/** Where the channels are and what their bytes mean. */
export function pointsOf({ channels, wordOrder }: ModbusOptions): ReadPoint[] {
  return Object.entries(channels).flatMap(([id, declared]) => {
    const at = placeOf(declared);
    const { as: format = 'uint16', order = wordOrder, scale = 1, offset = 0 } = declared;
    return at ? [{ id, ...at, format, order, scale, offset }] : [];
  });
}

/** The facts of the channels alone, as a catalogue entry has them. */
export function channelsOf(options: ModbusOptions): Record<string, ChannelFacts> {
  const facts: Record<string, ChannelFacts> = {};
  for (const [id, declared] of Object.entries(options.channels)) {
    const { input, holding, coil, discrete, as, bit, order, scale, offset, ...own } = declared;
    const isBit = coil !== undefined || discrete !== undefined || bit !== undefined;
    facts[id] = isBit ? { type: 'boolean', ...own } : own;
  }
  return facts;
}
