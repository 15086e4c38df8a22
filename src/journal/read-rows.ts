import type { JournalRecord } from './journal.ts';
import type { Rows } from './messages.ts';
import type { RecordDecoder, Row } from './record-codec.ts';

export interface ReadRecords {
  readonly records: JournalRecord[];
  /** Rows that could not be understood, and are left out. */
  readonly damaged: number;
}

/** Understands what a reader of the file gave. A damaged row costs itself, never its neighbours. */
export function readRows(decoder: RecordDecoder, { text, sources }: Rows): ReadRecords {
  for (const [id, description] of sources) {
    try {
      decoder.learn(id, description);
    } catch {
      // Its samples then count as damaged.
    }
  }
  const records: JournalRecord[] = [];
  let damaged = 0;
  const rows = parse(text);
  for (const row of rows) {
    const record = row && decoder.decode(row);
    if (record) records.push(record);
    else damaged++;
  }
  return { records, damaged };
}

function parse(text: string): (Row | undefined)[] {
  try {
    return JSON.parse(text) as Row[];
  } catch {
    return text
      .slice(1, -1)
      .split(',\n')
      .map((line) => {
        try {
          return JSON.parse(line) as Row;
        } catch {
          return undefined;
        }
      });
  }
}
