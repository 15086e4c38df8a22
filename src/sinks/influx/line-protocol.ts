import type { DeviceDescription, Sample } from '../../instrument/index.ts';
import type { DescriptionRecord, EventRecord, JournalRecord } from '../../journal/index.ts';

/** What never changes in a device's points: `lakeshore_218,device=cryostat,gateway=lab_a` and the keys of its fields. */
interface DeviceForm {
  readonly prefix: string;
  readonly keys: Map<string, string>;
}

/** Values of `<channel>_quality`. */
const QUALITY = { good: '0i', uncertain: '1i', bad: '2i' } as const;

/**
 * Writes records as InfluxDB's line protocol (DESIGN, "InfluxDB"; escaping as in InfluxData's "Line protocol reference"):
 * a sample is one point, an event one, a description one for each channel.
 */
export class LineProtocol {
  readonly #gateway: string;
  readonly #devices = new WeakMap<DeviceDescription, DeviceForm>();

  /** @param gateway tags what no device says */
  constructor(gateway: string) {
    this.#gateway = gateway;
  }

  /** Adds the lines of a record, without line ends; a sample without values has none. */
  write(record: JournalRecord, lines: string[]): void {
    if (record.kind === 'sample') this.#sample(record, lines);
    else if (record.kind === 'event') lines.push(eventLine(record, this.#gateway));
    else descriptionLines(record, lines);
  }

  #sample(sample: Sample, lines: string[]): void {
    const form = this.#devices.get(sample.source) ?? this.#device(sample.source);
    let fields = '';
    for (const id in sample.values) {
      const value = sample.values[id];
      if (value === undefined) continue;
      const key = form.keys.get(id) ?? fieldKey(form, id);
      fields += fields === '' ? valueFields(key, value) : `,${valueFields(key, value)}`;
    }
    if (fields !== '') lines.push(`${form.prefix} ${fields} ${sample.time}000`);
  }

  #device(source: DeviceDescription): DeviceForm {
    const { gateway, device, model, simulated } = source;
    const tags = { ...source.tags, gateway, device, model, ...(simulated && { simulated: 'true' }) };
    const form: DeviceForm = { prefix: series(source.measurement, tags), keys: new Map() };
    this.#devices.set(source, form);
    return form;
  }
}

function fieldKey(form: DeviceForm, id: string): string {
  const key = escapeKey(id);
  form.keys.set(id, key);
  return key;
}

/** The database has no NaN and no infinity: such a number is no value. */
function valueFields(key: string, value: Sample['values'][string]): string {
  if (typeof value === 'number')
    return Number.isFinite(value)
      ? `${key}=${value},${key}_quality=${QUALITY.good}`
      : `${key}_quality=${QUALITY.bad},${key}_reason="invalid"`;
  if (typeof value !== 'object') return `${key}=${scalar(value)},${key}_quality=${QUALITY.good}`;
  if (value.value === null || (typeof value.value === 'number' && !Number.isFinite(value.value)))
    return `${key}_quality=${QUALITY.bad},${key}_reason="${value.reason}"`;
  return `${key}=${scalar(value.value)},${key}_quality=${QUALITY.uncertain},${key}_reason="${value.reason}"`;
}

/**
 * Several events may come in one µs, and points of equal tags and time are one point: the digits below a µs are those of
 * the sequence, which is the same each time that a record is sent. Samples of one device are apart by themselves.
 */
function apart({ time, sequence }: EventRecord | DescriptionRecord): string {
  return `${time}${String(sequence % 1000).padStart(3, '0')}`;
}

function eventLine(event: EventRecord, gateway: string): string {
  const tags = { gateway, device: event.device, kind: event.eventKind, severity: event.severity };
  const fields = `title=${text(event.title)},text=${text(event.text)},code=${text(event.code)}`;
  return `${series('labwire_events', tags)} ${fields} ${apart(event)}`;
}

function descriptionLines(description: DescriptionRecord, lines: string[]): void {
  const { source } = description;
  const at = apart(description);
  const { gateway, device, serialNumber } = source;
  for (const { id, unit, label, quantity, scale, offset } of source.channels.values()) {
    const fields = [`scale=${scale}`, `offset=${offset}`];
    for (const [key, word] of Object.entries({ unit, label, quantity, serial_number: serialNumber }))
      if (word !== undefined) fields.push(`${key}=${text(word)}`);
    lines.push(`${series('labwire_channels', { gateway, device, channel: id })} ${fields.join(',')} ${at}`);
  }
}

/** Measurement and tags; an empty tag is left out, since the server refuses it. Sorted, as the server likes it best. */
export function series(measurement: string, tags: Readonly<Record<string, string | undefined>>): string {
  let result = escapeMeasurement(measurement);
  for (const key of Object.keys(tags).sort()) {
    const value = escapeKey(tags[key] ?? '');
    if (value !== '') result += `,${escapeKey(key)}=${value}`;
  }
  return result;
}

function scalar(value: number | string | boolean): string {
  return typeof value === 'string' ? text(value) : String(value);
}

/** A string field. */
export function text(value: string): string {
  return `"${onOneLine(value).replace(/["\\]/g, '\\$&')}"`;
}

/** Tag keys, tag values and field keys. */
function escapeKey(value: string): string {
  return bare(value).replace(/[,= ]/g, '\\$&');
}

/** A backslash before what may be escaped is lost by some servers and kept by others: none has it. */
function escapeMeasurement(value: string): string {
  return bare(value)
    .replace(/\\+(?=[,"= ])/g, '')
    .replace(/[, ]/g, '\\$&');
}

/** Outside of quotes a backslash cannot be escaped, so at the end it would take the next separator with it. */
function bare(value: string): string {
  return onOneLine(value).replace(/\\+$/, '');
}

/** A line end would begin another point. */
function onOneLine(value: string): string {
  return value.replace(/[\r\n]+/g, ' ');
}
