import type { Sample } from '../instrument/index.ts';
import type { RangeQuery } from './journal.ts';
import type { PageRequest, Rows } from './messages.ts';
import { readRows } from './read-rows.ts';
import type { RecordDecoder } from './record-codec.ts';

/** Rows in memory at a time, of all devices together, and of one device at the least. */
const MOST_ROWS = 10_000;
const LEAST_ROWS = 100;

/** What a range is read from. */
export interface PageSource {
  devices(): Promise<readonly string[]> | readonly string[];
  page(request: Omit<PageRequest, 'kind'>): Promise<Rows> | Rows;
}

interface Cursor {
  readonly from: number;
  readonly after: number;
}

interface Page {
  readonly samples: readonly Sample[];
  /** Behind this page; undefined: there is no further one. */
  readonly next: Cursor | undefined;
}

/** One device's samples by time, page after page. */
class DevicePages {
  readonly #read: (cursor: Cursor) => Promise<Page>;
  #samples: readonly Sample[] = [];
  #at = 0;
  #cursor: Cursor | undefined;

  constructor(from: number, read: (cursor: Cursor) => Promise<Page>) {
    this.#cursor = { from, after: -1 };
    this.#read = read;
  }

  /** The next sample, if it is in memory already. */
  get ready(): Sample | undefined {
    return this.#samples[this.#at];
  }

  take(): void {
    this.#at++;
  }

  /** @returns whether there is a next sample */
  async load(): Promise<boolean> {
    while (!this.ready && this.#cursor) {
      const { samples, next } = await this.#read(this.#cursor);
      [this.#samples, this.#at, this.#cursor] = [samples, 0, next];
    }
    return this.ready !== undefined;
  }
}

/**
 * The samples of a range of time in its order, whatever device they are of.
 *
 * @param decoder that of the source, which tells each description once
 */
export async function* samplesByTime(
  source: PageSource,
  query: RangeQuery,
  decoder: RecordDecoder,
): AsyncGenerator<Sample> {
  const { from, to } = query;
  const names = query.device === undefined ? await source.devices() : [query.device];
  const limit = Math.max(LEAST_ROWS, Math.floor(MOST_ROWS / Math.max(1, names.length)));
  const open: DevicePages[] = [];
  for (const device of names) {
    const pages = new DevicePages(from, async ({ from: start, after }) => {
      const rows = await source.page({ device, from: start, after, to, limit });
      const { records } = readRows(decoder, rows);
      const next = rows.last && { from: rows.last.time, after: rows.last.sequence };
      return { samples: records.filter((record) => record.kind === 'sample'), next };
    });
    if (await pages.load()) open.push(pages);
  }
  while (open.length > 0) {
    let earliest = open[0] as DevicePages;
    for (const pages of open) if (time(pages) < time(earliest)) earliest = pages;
    yield earliest.ready as Sample;
    earliest.take();
    if (!earliest.ready && !(await earliest.load())) open.splice(open.indexOf(earliest), 1);
  }
}

function time(pages: DevicePages): number {
  return pages.ready?.time ?? Number.POSITIVE_INFINITY;
}
