import { z } from 'zod';
import { isoTime, LabwireError } from '../../base/index.ts';
import type { SerialSettings } from '../transport/serial-settings.ts';

/** Bytes that went over a port at once. */
export interface TranscriptEntry {
  /** Seconds since the recording's beginning. */
  readonly t: number;
  /** `tx`: to the instrument; `rx`: from it. */
  readonly dir: 'tx' | 'rx';
  readonly bytes: Buffer;
}

/** How the line was set, as far as it must be for its bytes to be right. */
export type LineSettings = Pick<SerialSettings, 'baudRate' | 'dataBits' | 'parity' | 'stopBits'>;

export interface TranscriptHeading {
  /** Where it was recorded, in words. */
  readonly port: string;
  readonly serial: LineSettings;
  /** As ISO 8601 in UTC. */
  readonly startedAt: string;
}

/** What was said over a port, as `labwire monitor --record` writes it. */
export interface Transcript extends TranscriptHeading {
  /** By time. */
  readonly entries: readonly TranscriptEntry[];
}

const VERSION = 1;

const heading = z.object({
  labwire: z.literal('transcript'),
  version: z.literal(VERSION),
  port: z.string(),
  serial: z
    .object({
      baudRate: z.number().int().positive(),
      dataBits: z.union([z.literal(5), z.literal(6), z.literal(7), z.literal(8)]),
      parity: z.enum(['none', 'even', 'odd', 'mark', 'space']),
      stopBits: z.union([z.literal(1), z.literal(1.5), z.literal(2)]),
    })
    .partial(),
  startedAt: z.iso.datetime(),
});

const entry = z.object({
  t: z.number().nonnegative(),
  dir: z.enum(['tx', 'rx']),
  hex: z.string().regex(/^( *[0-9a-fA-F]{2})* *$/, 'must be pairs of hexadecimal digits'),
});

/** The first line of a transcript, with its line feed. @param startedAt whole µs since the Unix epoch */
export function transcriptHeading(port: string, settings: LineSettings, startedAt: number): string {
  const { baudRate, dataBits, parity, stopBits } = settings;
  const serial = { baudRate, dataBits, parity, stopBits };
  return `${JSON.stringify({ labwire: 'transcript', version: VERSION, port, serial, startedAt: isoTime(startedAt) })}\n`;
}

/** One further line, with its line feed. */
export function transcriptLine({ t, dir, bytes }: TranscriptEntry): string {
  const hex = bytes.toString('hex').replace(/..(?=.)/g, '$& ');
  return `${JSON.stringify({ t: Number(t.toFixed(6)), dir, hex })}\n`;
}

/**
 * Reads a transcript: a JSON object per line, the heading first; keys that it does not know are passed over.
 *
 * @throws LabwireError TRANSCRIPT_INVALID, which names the line
 */
export function readTranscript(text: string): Transcript {
  const lines = text.split('\n');
  const { port, serial, startedAt } = parsed(heading, lines[0] ?? '', 1);
  const entries: TranscriptEntry[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === '') continue;
    const { t, dir, hex } = parsed(entry, line, index + 1);
    if (t < (entries.at(-1)?.t ?? 0)) throw invalid(index + 1, 't is less than that of the line before');
    entries.push({ t, dir, bytes: Buffer.from(hex.replaceAll(' ', ''), 'hex') });
  }
  return { port, serial: serial as LineSettings, startedAt, entries };
}

function parsed<T>(schema: z.ZodType<T>, line: string, number: number): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw invalid(number, 'it is no JSON', cause);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join('.');
  const what = where ? `${where}: ${issue?.message}` : `${issue?.message}`;
  throw invalid(number, number === 1 ? `it is no heading of a transcript of version ${VERSION} (${what})` : what);
}

function invalid(line: number, why: string, cause?: unknown): LabwireError {
  const message = `Line ${line} of the transcript cannot be read: ${why}; record it anew with \`labwire monitor --record\``;
  return new LabwireError('TRANSCRIPT_INVALID', message, cause === undefined ? {} : { cause });
}
