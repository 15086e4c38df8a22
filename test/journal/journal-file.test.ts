import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileReader } from '../../src/journal/file-reader.ts';
import { JournalFile } from '../../src/journal/journal-file.ts';
import { readRows } from '../../src/journal/read-rows.ts';
import { RecordDecoder, RecordEncoder } from '../../src/journal/record-codec.ts';
import { sample } from '../sinks/parts.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labwire-file-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes as the journal does, and remembers what the file must have. */
class Writer {
  readonly kept = new Map<number, number>();
  readonly #limits: { maxSize: number; maxAge: number };
  #generation = 0;
  #file: JournalFile;
  #encoder = new RecordEncoder();
  #last = 0;
  #value = 0;
  #offset = 0;

  constructor(maxSize: number) {
    this.#limits = { maxSize, maxAge: 1e13 };
    this.#file = this.#open();
  }

  get path(): string {
    return join(folder, `${this.#generation}.db`);
  }

  commit(count: number, length: number): void {
    const records = Array.from({ length: count }, () => sample({ t1: ++this.#value, t2: 'x'.repeat(length) }));
    const first = this.#last + 1;
    for (const { values } of records) this.kept.set(++this.#last, Number(values.t1));
    this.#offset += Math.ceil((this.#last - this.#offset) / 2);
    const { tail } = this.#file.commit({
      kind: 'commit',
      first,
      count,
      ...this.#encoder.encode(records),
      sinks: [['sink', this.#offset, this.#value]],
      forgotten: [],
      head: this.#last,
      limits: this.#limits,
      now: Date.now(),
    });
    for (const sequence of this.kept.keys()) if (sequence <= tail) this.kept.delete(sequence);
  }

  restart(): void {
    this.#file.close({ kind: 'close', head: this.#last });
    const before = this.#last;
    this.#file = this.#open();
    expect(this.#last).toBe(before);
    this.#check();
  }

  /** Goes on with what the disk would have after a kill. */
  crash(): void {
    const before = this.path;
    this.#generation++;
    for (const ending of ['', '-wal'])
      if (existsSync(before + ending)) copyFileSync(before + ending, this.path + ending);
    this.#file.release();
    const given = this.#last;
    this.#file = this.#open();
    expect(this.#last).toBeGreaterThan(given);
    this.#check();
  }

  end(): void {
    this.#file.release();
  }

  #open(): JournalFile {
    const file = new JournalFile({ kind: 'open', path: this.path, limits: this.#limits, floor: 0 });
    this.#last = file.opened.head;
    this.#encoder = new RecordEncoder();
    return file;
  }

  #check(): void {
    expect(this.#file.opened.aside).toBeUndefined();
    if (this.#value > 0) expect(this.#file.opened.sinks).toEqual([['sink', this.#offset, this.#value]]);
    const reader = new FileReader(this.path);
    const { records } = readRows(new RecordDecoder(), reader.read({ after: 0, upTo: this.#last, limit: 1e6 }));
    reader.close();
    const found = records.map((record) => [record.sequence, record.kind === 'sample' && record.values.t1]);
    expect(found).toEqual([...this.kept]);
    const { gaps, tail } = this.#file.opened;
    const empty = gaps.reduce((sum, [after, upTo]) => sum + Math.max(0, upTo - Math.max(after, tail)), 0);
    expect(this.#last - tail - empty).toBe(this.kept.size);
  }
}

describe('the file of the journal', () => {
  test('has exactly what was committed and not discarded, whatever ends its process and however often', () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ count: fc.integer({ min: 0, max: 300 }), length: fc.constantFrom(0, 10, 400) }),
      },
      { weight: 1, arbitrary: fc.constantFrom('restart' as const, 'crash' as const) },
    );
    fc.assert(
      fc.property(fc.constantFrom(2e9, 150_000), fc.array(step, { maxLength: 20 }), (maxSize, steps) => {
        const writer = new Writer(maxSize);
        try {
          for (const action of steps) {
            if (action === 'restart') writer.restart();
            else if (action === 'crash') writer.crash();
            else writer.commit(action.count, action.length);
          }
          writer.crash();
        } finally {
          writer.end();
          rmSync(folder, { recursive: true });
        }
      }),
      { numRuns: 40 },
    );
  });
});

test('is not taken for cut where a checkpoint found no room for its last pages, which the log still has', () => {
  const writer = new Writer(1e9);
  writer.commit(200, 100);
  // A checkpoint writes the first page first: it promises pages that then found no room.
  const file = openSync(writer.path, 'r+');
  const pages = Buffer.alloc(4);
  readSync(file, pages, 0, 4, 28);
  pages.writeUInt32BE(pages.readUInt32BE() + 50);
  writeSync(file, pages, 0, 4, 28);
  closeSync(file);
  writer.commit(200, 100);
  writer.crash();
  writer.commit(200, 100);
  writer.restart();
  writer.end();
});
