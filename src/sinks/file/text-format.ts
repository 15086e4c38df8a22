import { isoTime } from '../../base/index.ts';
import { type DeviceDescription, quality, type Sample } from '../../instrument/index.ts';
import type { EventRecord } from '../../journal/index.ts';

/** How records stand in a file, a line each, without the line end. */
export interface TextFormat {
  /** Of the file's name. */
  readonly ending: string;
  /** The first line of a device's file; undefined where it has none. */
  header(source: DeviceDescription): string | undefined;
  sample(sample: Sample): string;
  readonly eventHeader: string | undefined;
  event(event: EventRecord): string;
}

type Value = Sample['values'][string];

/** A number that is none is no value, and says so. */
function parts(value: Value): { value: number | string | boolean | null; quality: string; reason?: string } {
  const scalar = typeof value === 'object' ? value.value : value;
  if (typeof scalar === 'number' && !Number.isFinite(scalar))
    return { value: null, quality: 'bad', reason: typeof value === 'object' ? value.reason : 'invalid' };
  return { value: scalar, quality: quality(value), ...(typeof value === 'object' && { reason: value.reason }) };
}

/** A cell of RFC 4180, on one line: a reader of lines, and a file that was cut, then know where a record ends. */
export function csvCell(text: string): string {
  const line = text.replace(/[\r\n]+/g, ' ');
  return /[",]/.test(line) ? `"${line.replaceAll('"', '""')}"` : line;
}

/** Comma-separated values: a row for each sample, three columns for each channel. */
export const csv: TextFormat = {
  ending: 'csv',
  header: ({ channels }) =>
    [
      'time',
      ...[...channels.values()].flatMap(({ id, unit }) => [
        csvCell(unit === undefined ? id : `${id} [${unit}]`),
        `${id}_quality`,
        `${id}_reason`,
      ]),
    ].join(','),
  sample: ({ time, source, values }) => {
    let row = isoTime(time);
    for (const id of source.channels.keys()) {
      const given = values[id];
      if (given === undefined) row += ',,,';
      else {
        const { value, quality: word, reason } = parts(given);
        row += `,${value === null ? '' : csvCell(String(value))},${word},${reason ?? ''}`;
      }
    }
    return row;
  },
  eventHeader: 'time,severity,device,kind,code,title,text',
  event: ({ time, severity, device, eventKind, code, title, text }) =>
    [isoTime(time), severity, device ?? '', eventKind, code, title, text].map(csvCell).join(','),
};

/** A JSON object for each sample, its channels as on MQTT. */
export const jsonLines: TextFormat = {
  ending: 'jsonl',
  header: () => undefined,
  sample: ({ time, source, values }) => {
    const channels: Record<string, object> = {};
    for (const [id, given] of Object.entries(values)) {
      const { value, ...rest } = parts(given);
      channels[id] = { value, unit: source.channels.get(id)?.unit, ...rest };
    }
    return JSON.stringify({ time: isoTime(time), gateway: source.gateway, device: source.device, channels });
  },
  eventHeader: undefined,
  event: ({ time, severity, device, eventKind, code, title, text }) =>
    JSON.stringify({ time: isoTime(time), severity, device: device ?? null, kind: eventKind, code, title, text }),
};
