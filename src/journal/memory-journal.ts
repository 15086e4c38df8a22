import { Bad, type ChannelDescription, type ChannelValue, type Sample, Uncertain } from '../instrument/index.ts';
import { Delivered } from './delivered.ts';
import { type EventPage, type EventQuery, type EventRecord, eventPage } from './events.ts';
import { Buckets, type History, type HistoryQuery } from './history.ts';
import type { Journal, JournalRecord, JournalState, RangeQuery } from './journal.ts';
import { RecordWindow } from './record-window.ts';

export interface MemoryJournalOptions {
  /** The most records that are kept, ≥ 1. A record of a few channels takes some 300 bytes. */
  readonly capacity?: number;
}

const DEFAULT_CAPACITY = 500_000;
/** The newest records, kept for histories whoever has had them. */
const RECENT = 20_000;

interface Reader {
  readonly delivered: Delivered;
  dropped: number;
}

/**
 * The journal in memory: what a stopped process had not delivered is lost. It keeps what some sink still has to deliver,
 * at most `capacity` records; beyond that the oldest is discarded and counted for each sink that had not acknowledged it.
 * Beside it are the newest 20,000 for histories and lists of events.
 */
export class MemoryJournal implements Journal {
  readonly state: JournalState = { state: 'ok' };
  readonly #window: RecordWindow;
  readonly #recent = new RecordWindow(RECENT, 0);
  readonly #sinks = new Map<string, Reader>();
  #listeners: readonly (() => void)[] = [];

  constructor(options: MemoryJournalOptions = {}) {
    this.#window = new RecordWindow(options.capacity ?? DEFAULT_CAPACITY, 0);
  }

  async open(): Promise<void> {}

  get head(): number {
    return this.#window.head;
  }

  get committed(): number {
    return this.#window.head;
  }

  append(record: JournalRecord): void {
    if (this.#window.full) this.#discardOldest();
    this.#window.push(record);
    if (this.#recent.full) this.#recent.release(this.#recent.tail + 1);
    this.#recent.push(record);
    if (this.#sinks.size === 0) this.#window.release(record.sequence);
    for (const listener of this.#listeners) listener();
  }

  onAppend(listener: () => void): () => void {
    const entry = (): void => listener();
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  }

  sinks(): readonly string[] {
    return [...this.#sinks.keys()];
  }

  offset(sink: string): number {
    return this.#reader(sink).delivered.upTo;
  }

  delivered(sink: string): number {
    return this.offset(sink);
  }

  acknowledge(sink: string, upTo: number, after = 0): void {
    const { delivered } = this.#reader(sink);
    const before = delivered.upTo;
    delivered.add(after, Math.min(upTo, this.head));
    if (delivered.upTo > before) this.#release();
  }

  read(after: number, limit: number, upTo = this.head): readonly JournalRecord[] {
    return this.#window.read(after, limit, upTo);
  }

  async *range({ device, from, to }: RangeQuery): AsyncIterable<Sample> {
    const samples = this.#window
      .read(0, this.#window.capacity, this.head)
      .filter((record) => record.kind === 'sample')
      .filter(({ source, time }) => time >= from && time < to && (device === undefined || source.device === device));
    yield* samples.sort((a, b) => a.time - b.time);
  }

  async history(query: HistoryQuery): Promise<History> {
    const buckets = new Buckets(query);
    let described: { readonly unit?: string } | undefined;
    for (const record of this.#recentRecords()) {
      if (record.kind === 'event' || record.source.device !== query.device) continue;
      described = unitOf(record.source.channels.get(query.channel)) ?? described;
      const value = record.kind === 'sample' ? record.values[query.channel] : undefined;
      if (value !== undefined) buckets.addValue(record.time, asWritten(value));
    }
    return { interval: buckets.length, ...described, known: described !== undefined, buckets: buckets.filled() };
  }

  async events(query: EventQuery): Promise<EventPage> {
    const { from, to, after = { time: to, sequence: 0 } } = query;
    const isBehind = ({ time, sequence }: EventRecord): boolean =>
      time < after.time || (time === after.time && sequence < after.sequence);
    const events = this.#recentRecords()
      .filter((record) => record.kind === 'event')
      .filter((event) => event.time >= from && event.time < to && isBehind(event))
      .sort((a, b) => b.time - a.time || b.sequence - a.sequence);
    return eventPage(events, query);
  }

  lag(sink: string): number {
    const { delivered } = this.#reader(sink);
    return this.head - Math.max(delivered.upTo, this.#window.tail) - delivered.beyond;
  }

  oldest(sink: string): number | undefined {
    const { upTo } = this.#reader(sink).delivered;
    return this.#window.at(Math.max(upTo, this.#window.tail) + 1)?.time;
  }

  forget(sink: string): void {
    this.#sinks.delete(sink);
    this.#release();
  }

  dropped(sink: string): number {
    return this.#reader(sink).dropped;
  }

  onRewind(): () => void {
    return () => {};
  }

  onState(): () => void {
    return () => {};
  }

  async close(): Promise<void> {
    this.#listeners = [];
  }

  #recentRecords(): JournalRecord[] {
    return this.#recent.read(0, RECENT, this.head);
  }

  #reader(sink: string): Reader {
    let reader = this.#sinks.get(sink);
    if (!reader) {
      reader = { delivered: new Delivered(this.head), dropped: 0 };
      this.#sinks.set(sink, reader);
    }
    return reader;
  }

  #discardOldest(): void {
    const oldest = this.#window.tail + 1;
    this.#window.release(oldest);
    for (const reader of this.#sinks.values()) reader.dropped += reader.delivered.pass(oldest);
  }

  /** Lets go of what every sink has, so that a gateway whose sinks keep up holds next to nothing. */
  #release(): void {
    let slowest = this.head;
    for (const { delivered } of this.#sinks.values()) slowest = Math.min(slowest, delivered.upTo);
    this.#window.release(slowest);
  }
}

function unitOf(channel: ChannelDescription | undefined): { readonly unit?: string } | undefined {
  return channel && (channel.unit === undefined ? {} : { unit: channel.unit });
}

/** As it stands in the body of a sample on disk. */
function asWritten(value: ChannelValue): unknown {
  if (value instanceof Bad) return [value.reason];
  return value instanceof Uncertain ? [value.reason, value.value] : value;
}
