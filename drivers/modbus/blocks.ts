import type { Point } from './options.ts';
import { type Table, tables } from './question.ts';

/** Registers or bits side by side that one question reads. */
export interface Block<P extends Point = Point> {
  readonly table: Table;
  readonly start: number;
  readonly count: number;
  readonly points: readonly P[];
}

/** How far questions may reach: see the options of the same names. */
export interface Reach {
  readonly gap: number;
  readonly longest: number;
}

const REGISTER_BITS = 16;

/** The fewest questions that read all points, each of one table, with no more than `gap` between two points. */
export function planBlocks<P extends Point>(points: readonly P[], { gap, longest }: Reach): Block<P>[] {
  const blocks: Block<P>[] = [];
  for (const point of [...points].sort(byPlace)) {
    const { table, start, width } = point;
    const last = blocks.at(-1);
    const limit = tables[table].isBits ? longest * REGISTER_BITS : longest;
    if (last && last.table === table && start <= last.start + last.count + gap) {
      const count = Math.max(last.start + last.count, start + width) - last.start;
      if (count <= limit) {
        blocks[blocks.length - 1] = { ...last, count, points: [...last.points, point] };
        continue;
      }
    }
    blocks.push({ table, start, count: width, points: [point] });
  }
  return blocks;
}

function byPlace(a: Point, b: Point): number {
  return tables[a.table].code - tables[b.table].code || a.start - b.start;
}
