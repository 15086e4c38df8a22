import type Database from 'better-sqlite3';
import { type EventPage, type EventQuery, type EventRecord, eventPage } from './events.ts';
import { RecordDecoder } from './record-codec.ts';

type EventRow = readonly [sequence: number, time: number, body: string];

/** Finds events in the file, which are the records of no device and no source. */
export class EventReader {
  readonly #statement: Database.Statement;
  readonly #decoder = new RecordDecoder();

  constructor(database: Database.Database) {
    this.#statement = database
      .prepare(
        `SELECT sequence, time, body FROM records
         WHERE device = 0 AND source = 0 AND time >= ? AND (time, sequence) < (?, ?) AND body IS NOT NULL
         ORDER BY time DESC, sequence DESC`,
      )
      .raw();
  }

  read(query: EventQuery): EventPage {
    const { from, to, after = { time: to, sequence: 0 } } = query;
    const end = after.time < to ? after : { time: to, sequence: 0 };
    return eventPage(this.#events(this.#statement.iterate(from, end.time, end.sequence)), query);
  }

  *#events(rows: IterableIterator<unknown>): Iterable<EventRecord> {
    for (const [sequence, time, body] of rows as IterableIterator<EventRow>) {
      const record = this.#decoder.decode([sequence, 0, time, eventOf(body)]);
      if (record?.kind === 'event') yield record;
    }
  }
}

/** Undefined where it is damaged. */
function eventOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
