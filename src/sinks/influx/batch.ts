import type { Journal } from '../../journal/index.ts';
import type { Range } from './backlog.ts';
import type { LineProtocol } from './line-protocol.ts';

/** Records of a range, as points. */
export interface Batch extends Range {
  readonly records: number;
  readonly lines: readonly string[];
}

/**
 * Reads the first records of a range, as many as make a batch.
 *
 * @param most records
 * @param largest about the most bytes of their points
 * @throws LabwireError JOURNAL_FAILED where they cannot be read now
 */
export async function readBatch(
  journal: Journal,
  lineProtocol: LineProtocol,
  { after, upTo }: Range,
  most: number,
  largest: number,
): Promise<Batch> {
  const read = journal.read(after, most, upTo);
  const records = read instanceof Promise ? await read : read;
  const lines: string[] = [];
  let bytes = 0;
  for (const [index, record] of records.entries()) {
    const before = lines.length;
    lineProtocol.write(record, lines);
    for (let i = before; i < lines.length; i++) bytes += (lines[i]?.length ?? 0) + 1;
    if (bytes >= largest) return { after, upTo: record.sequence, records: index + 1, lines };
  }
  // Fewer than were asked for: there is nothing behind them, or it is for the next read to find.
  return { after, upTo: records.at(-1)?.sequence ?? upTo, records: records.length, lines };
}
