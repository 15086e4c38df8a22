import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Lines for one file. */
export interface Lines {
  /** Path below the folder, without part number and ending: `cryostat/cryostat_2026-11-24`. */
  readonly stem: string;
  /** The file's first line; a file with another one is left alone. */
  readonly header: string | undefined;
  /** Whole lines, each with its end. */
  readonly text: string;
}

interface Place {
  /** 1 for the first file of a stem. */
  readonly part: number;
  /** Bytes of whole lines that are known to be there. */
  readonly size: number;
}

const CHUNK = 65_536;
const LINE_FEED = 0x0a;
/** Places that are remembered; one that is not is found again. */
const MOST_PLACES = 1000;

/** Appends whole lines to files below a folder, each followed by another part when it has grown too large. */
export class LineFiles {
  readonly #folder: string;
  readonly #ending: string;
  readonly #maxSize: number;
  readonly #places = new Map<string, Place>();

  /** @param maxSize bytes after which a file is followed by another part */
  constructor(folder: string, ending: string, maxSize: number) {
    this.#folder = folder;
    this.#ending = ending;
    this.#maxSize = maxSize;
  }

  /** Appends, and returns when it is on disk. Of a failure nothing stays behind, if the disk still lets it be cut off. */
  async append(lines: Lines): Promise<void> {
    const key = `${lines.stem}\n${lines.header}`;
    const known = this.#places.get(key);
    this.#places.delete(key);
    const { file, path, part, size } = await this.#open(lines, known);
    try {
      const first = size === 0 && lines.header !== undefined ? `${lines.header}\n` : '';
      const bytes = Buffer.from(first + lines.text);
      try {
        await writeAll(file, bytes, size);
        await file.datasync();
      } catch (error) {
        await file.truncate(size).catch(() => {});
        throw error;
      }
      if (this.#places.size >= MOST_PLACES) this.#places.clear();
      this.#places.set(key, { part, size: size + bytes.length });
    } finally {
      await file.close();
    }
    if (size === 0) await syncFolder(dirname(path));
  }

  /** The first part with this header that has room, or a new one; what a crash has left of a last line is cut off. */
  async #open({ stem, header }: Lines, known: Place | undefined): Promise<{ file: FileHandle; path: string } & Place> {
    for (let part = known?.part ?? 1; ; part++) {
      const path = join(this.#folder, `${stem}${part > 1 ? `.${part}` : ''}.${this.#ending}`);
      const file = await openOrMake(path);
      try {
        const size = await wholeLines(file, part === known?.part ? known.size : undefined);
        const fits = size === 0 || (size < this.#maxSize && (await beginsWith(file, header)));
        if (fits) return { file, path, part, size };
      } catch (error) {
        await file.close();
        throw error;
      }
      await file.close();
    }
  }
}

/** Not for appending, as with `a+`: then nothing could be written over. */
async function openOrMake(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true });
    return open(path, 'w+');
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** The size of a file after what stands behind its last line end is cut off. */
async function wholeLines(file: FileHandle, expected: number | undefined): Promise<number> {
  const { size } = await file.stat();
  if (size === 0 || size === expected) return size;
  const chunk = Buffer.alloc(CHUNK);
  for (let end = size; end > 0; end -= CHUNK) {
    const start = Math.max(0, end - CHUNK);
    const { bytesRead } = await file.read(chunk, 0, end - start, start);
    const last = chunk.subarray(0, bytesRead).lastIndexOf(LINE_FEED);
    if (last < 0) continue;
    const whole = start + last + 1;
    if (whole < size) await file.truncate(whole);
    return whole;
  }
  await file.truncate(0);
  return 0;
}

async function beginsWith(file: FileHandle, header: string | undefined): Promise<boolean> {
  if (header === undefined) return true;
  const wanted = Buffer.from(`${header}\n`);
  const found = Buffer.alloc(wanted.length);
  const { bytesRead } = await file.read(found, 0, wanted.length, 0);
  return bytesRead === wanted.length && found.equals(wanted);
}

/** So that a new file's name outlives a power cut. Windows has no such thing. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
