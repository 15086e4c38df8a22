import {
  bad,
  type ChannelValue,
  type DeviceDescription,
  type Reason,
  type Sample,
  type Scalar,
  Uncertain,
  uncertain,
} from '../instrument/index.ts';
import type { EventRecord } from './events.ts';
import type { JournalRecord } from './journal.ts';

/** A description of a device as the file has it. */
export interface SourceText {
  /** Of the encoder; the file has ids of its own. */
  readonly id: number;
  readonly device: string;
  readonly text: string;
}

export interface EncodedRecords {
  /** One line for each record: `<source> <time> <body>`; source 0: an event; an empty body: a description. */
  readonly text: string;
  /** The descriptions that these lines are the first to speak of. */
  readonly sources: readonly SourceText[];
}

interface Source {
  readonly id: number;
  /** Each channel's place in the description, as it stands in a body. */
  readonly keys: Map<string, string>;
}

/**
 * Writes records as text. A sample's body is `[<place>,<value>, …]`: the channel's place in its description, then its value, or
 * `["<reason>"]` for a bad and `["<reason>",<value>]` for an uncertain one.
 */
export class RecordEncoder {
  readonly #sources = new WeakMap<DeviceDescription, Source>();
  readonly #news: SourceText[] = [];
  #lastId = 0;
  #latest: DeviceDescription | undefined;
  #latestSource: Source | undefined;

  encode(records: readonly JournalRecord[]): EncodedRecords {
    let text = '';
    for (const record of records) {
      if (record.kind === 'sample') {
        const source = this.#sourceOf(record.source);
        text += `${source.id} ${record.time} ${sampleBody(record, source.keys)}\n`;
      } else if (record.kind === 'event') text += `0 ${record.time} ${eventBody(record)}\n`;
      else text += `${this.#sourceOf(record.source).id} ${record.time} \n`;
    }
    return { text, sources: this.#news.splice(0) };
  }

  #sourceOf(description: DeviceDescription): Source {
    // Mostly it is the one of the record before.
    if (description === this.#latest && this.#latestSource) return this.#latestSource;
    const source = this.#sources.get(description) ?? this.#add(description);
    this.#latest = description;
    this.#latestSource = source;
    return source;
  }

  #add(description: DeviceDescription): Source {
    const keys = new Map([...description.channels.keys()].map((id, place) => [id, String(place)]));
    const source: Source = { id: ++this.#lastId, keys };
    this.#sources.set(description, source);
    const { channels, ...rest } = description;
    const text = JSON.stringify({ ...rest, channels: [...channels.values()] });
    this.#news.push({ id: source.id, device: description.device, text });
    return source;
  }
}

function sampleBody({ values }: Sample, keys: Map<string, string>): string {
  let body = '';
  for (const id in values) {
    const value = values[id];
    if (value === undefined) continue;
    const key = keys.get(id) ?? JSON.stringify(id);
    body += body === '' ? `[${key},${valueText(value)}` : `,${key},${valueText(value)}`;
  }
  return body === '' ? '[]' : `${body}]`;
}

function valueText(value: ChannelValue): string {
  if (typeof value !== 'object') return scalarText(value) ?? '["invalid"]';
  const scalar = value instanceof Uncertain ? scalarText(value.value) : undefined;
  return scalar === undefined ? `["${value.reason}"]` : `["${value.reason}",${scalar}]`;
}

/** JSON has no NaN and no infinity: such a number is no value. */
function scalarText(value: Scalar): string | undefined {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  return typeof value === 'boolean' || Number.isFinite(value) ? `${value}` : undefined;
}

function eventBody({ kind, sequence, time, ...event }: EventRecord): string {
  return JSON.stringify(event);
}

/** A record as the file has it: sequence, source, time, body; the body is null where there is none, as in a description. */
export type Row = readonly [sequence: number, source: number, time: number, body: unknown];

/** Reads what `RecordEncoder` wrote. */
export class RecordDecoder {
  readonly #sources = new Map<number, { description: DeviceDescription; ids: readonly string[] }>();

  /** @throws Error where the text is damaged */
  learn(id: number, text: string): void {
    const { channels, ...rest } = JSON.parse(text);
    const ids: string[] = channels.map((channel: { id: string }) => channel.id);
    const byId = new Map(ids.map((channel, place) => [channel, channels[place]]));
    this.#sources.set(id, { description: { ...rest, channels: byId }, ids });
  }

  /** @returns undefined for a row that is damaged */
  decode([sequence, source, time, body]: Row): JournalRecord | undefined {
    if (source === 0) return readEvent(sequence, time, body);
    const known = this.#sources.get(source);
    if (!known) return undefined;
    if (body === null) return { kind: 'description', sequence, time, source: known.description };
    const values = readValues(body, known.ids);
    return values && { kind: 'sample', sequence, source: known.description, time, values };
  }
}

function readEvent(sequence: number, time: number, body: unknown): EventRecord | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  return { ...(body as Omit<EventRecord, 'kind' | 'sequence' | 'time'>), kind: 'event', sequence, time };
}

function readValues(body: unknown, ids: readonly string[]): Record<string, ChannelValue> | undefined {
  if (!Array.isArray(body)) return undefined;
  const values: Record<string, ChannelValue> = {};
  for (let i = 0; i + 1 < body.length; i += 2) {
    const key: unknown = body[i];
    const id = typeof key === 'number' ? ids[key] : key;
    const value = readValue(body[i + 1]);
    if (typeof id !== 'string' || value === undefined) return undefined;
    values[id] = value;
  }
  return values;
}

function readValue(value: unknown): ChannelValue | undefined {
  if (isScalar(value)) return value;
  if (!Array.isArray(value) || typeof value[0] !== 'string') return undefined;
  const reason = value[0] as Reason;
  if (value.length === 1) return bad(reason);
  return isScalar(value[1]) ? uncertain(value[1], reason) : undefined;
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean';
}
