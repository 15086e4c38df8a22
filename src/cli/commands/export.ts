import { createWriteStream, existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { finished, type Writable } from 'node:stream';
import { didYouMean, isoTime, LabwireError, toError } from '../../base/index.ts';
import { formatIssue, loadConfiguration } from '../../config/index.ts';
import { quality, type Sample } from '../../instrument/index.ts';
import { JournalReader, type RangeQuery } from '../../journal/index.ts';
import { csvCell, LineProtocol } from '../../sinks/index.ts';
import type { CliIo } from '../io.ts';
import { drivers } from '../package.ts';
import { ProgressLine } from '../progress-line.ts';
import { journalFileOf } from '../site.ts';

export interface ExportOptions {
  readonly config: string;
  /** The journal's file, where it is not that of the configuration. */
  readonly journal?: string;
  /** µs since the Unix epoch, inclusive; default all that is kept. */
  readonly from?: number;
  /** µs since the Unix epoch, exclusive; default now. */
  readonly to?: number;
  readonly device?: string;
  readonly format: 'csv' | 'line-protocol';
  /** Default standard output. */
  readonly out?: string;
}

/** Where an export goes. */
export interface ExportStreams {
  readonly output: Writable;
  /** To the terminal, without a line end. */
  progress(text: string): void;
}

/** Text that is gathered before it is written. */
const CHUNK = 65_536;

const processStreams: ExportStreams = {
  output: process.stdout,
  progress: (text) => void process.stderr.write(text),
};

/** Writes samples of the journal as CSV or line protocol, also while a gateway writes it. */
export async function exportCommand(options: ExportOptions, io: CliIo, streams = processStreams): Promise<number> {
  const path = options.journal ?? journalOf(options.config, io);
  if (path === undefined) return 2;
  const query = { from: options.from ?? 0, to: options.to ?? Date.now() * 1000, ...deviceOf(options) };
  if (query.from >= query.to)
    throw new LabwireError('USAGE', `Nothing lies between ${isoTime(query.from)} and ${isoTime(query.to)}`);
  if (!existsSync(path))
    throw new LabwireError(
      'USAGE',
      `There is no journal ${path}: \`labwire run\` makes it, and --journal names another`,
    );
  const reader = await JournalReader.open(path);
  try {
    checkDevice(reader, options.device);
    return await exportTo(reader, query, options, io, streams);
  } finally {
    reader.close();
  }
}

function journalOf(config: string, io: CliIo): string | undefined {
  const { sound, issues } = loadConfiguration(config, { sections: Object.keys(drivers) });
  if (sound) return journalFileOf(config, sound);
  for (const issue of issues) io.complain(formatIssue(issue));
  return undefined;
}

function deviceOf({ device }: ExportOptions): { device?: string } {
  return device === undefined ? {} : { device };
}

function checkDevice(reader: JournalReader, device: string | undefined): void {
  const known = reader.devices();
  if (device === undefined || known.includes(device)) return;
  const hint = didYouMean(device, known) || (known.length > 0 ? ` There are ${known.join(', ')}.` : ' It is empty.');
  throw new LabwireError('USAGE', `The journal has no device "${device}".${hint}`);
}

async function exportTo(
  reader: JournalReader,
  query: RangeQuery,
  { format, out }: ExportOptions,
  io: CliIo,
  streams: ExportStreams,
): Promise<number> {
  const output = out === undefined ? streams.output : await newFile(out);
  let stopped = false;
  // An export that is done listens for signals no more: nothing else would end the process.
  const done = new AbortController();
  void io.untilStopped(done.signal).then(() => {
    stopped = true;
  });
  const progress = io.terminal ? new ProgressLine(streams.progress, reader.count(query)) : undefined;
  try {
    const target = new Target(output, out ?? 'standard output');
    const [count, all] = await writeSamples(reader.range(query), format, target, (written) => {
      progress?.show(written);
      return stopped;
    });
    if (out !== undefined) await target.close();
    progress?.clear();
    if (all) {
      if (io.terminal) io.complain(`${count.toLocaleString('en')} samples${out === undefined ? '' : ` in ${out}`}`);
      return 0;
    }
    io.complain('labwire: the export was interrupted');
  } catch (error) {
    progress?.clear();
    if (out !== undefined) await rm(out, { force: true });
    throw error;
  } finally {
    done.abort();
  }
  // Half an export must not pass for a whole one.
  if (out !== undefined) await rm(out, { force: true });
  return 1;
}

/** @returns how many samples were written, and whether these were all */
async function writeSamples(
  samples: AsyncIterable<Sample>,
  format: ExportOptions['format'],
  target: Target,
  tell: (done: number) => boolean,
): Promise<[count: number, all: boolean]> {
  const write = format === 'csv' ? csvRows : lineWriter();
  let text = format === 'csv' ? 'time,device,channel,value,unit,quality,reason\n' : '';
  let count = 0;
  for await (const sample of samples) {
    text += write(sample);
    count++;
    if (text.length < CHUNK) continue;
    await target.write(text);
    text = '';
    if (tell(count)) return [count, false];
  }
  await target.write(text);
  return [count, true];
}

/** A row for each value: a device's channels may come and go in the course of an export. */
function csvRows({ time, source, values }: Sample): string {
  let rows = '';
  for (const [channel, value] of Object.entries(values)) {
    const scalar = typeof value === 'object' ? value.value : value;
    const reason = typeof value === 'object' ? value.reason : '';
    const unit = source.channels.get(channel)?.unit ?? '';
    const cells = [isoTime(time), source.device, channel, scalar === null ? '' : String(scalar), unit];
    rows += `${[...cells, quality(value), reason].map(csvCell).join(',')}\n`;
  }
  return rows;
}

function lineWriter(): (sample: Sample) => string {
  const protocol = new LineProtocol('');
  return (sample) => {
    const lines: string[] = [];
    protocol.write(sample, lines);
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  };
}

async function newFile(path: string): Promise<Writable> {
  try {
    // Opened before, so that what is wrong is known before anything is read.
    const file = await open(path, 'wx');
    return createWriteStream(path, { fd: file });
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    const why = exists ? 'it is there already; remove it, or name another file' : toError(error).message;
    throw new LabwireError('USAGE', `${path} cannot be made: ${why}`, { cause: error });
  }
}

/** Where the text goes, a piece at a time. */
class Target {
  readonly #stream: Writable;
  readonly #name: string;

  constructor(stream: Writable, name: string) {
    this.#stream = stream;
    this.#name = name;
    // Each failure is that of a write or of the end, which say so themselves.
    stream.on('error', () => {});
  }

  /** @throws LabwireError EXPORT_FAILED */
  write(text: string): Promise<void> {
    if (text === '') return Promise.resolve();
    return this.#done((done) => this.#stream.write(text, done));
  }

  /** @throws LabwireError EXPORT_FAILED */
  close(): Promise<void> {
    return this.#done((done) => finished(this.#stream.end(), done));
  }

  #done(begin: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      begin((error) => {
        if (!error) return resolve();
        const message = `The export to ${this.#name} failed, and is not whole: ${error.message}`;
        reject(new LabwireError('EXPORT_FAILED', message, { cause: error }));
      });
    });
  }
}
