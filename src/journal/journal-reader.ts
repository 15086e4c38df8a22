import { setImmediate as turn } from 'node:timers/promises';
import { LabwireError, toError } from '../base/index.ts';
import type { Sample } from '../instrument/index.ts';
import type { FileReader } from './file-reader.ts';
import type { RangeQuery } from './journal.ts';
import { samplesByTime } from './range.ts';
import { RecordDecoder } from './record-codec.ts';

/** The file of a journal as another program reads it, also while a gateway writes it. */
export class JournalReader {
  readonly #file: FileReader;
  readonly #decoder = new RecordDecoder();

  private constructor(file: FileReader) {
    this.#file = file;
  }

  /** @throws LabwireError JOURNAL_FAILED */
  static async open(path: string): Promise<JournalReader> {
    // The database's native part is loaded only where it is used.
    const { FileReader } = await import('./file-reader.ts');
    try {
      return new JournalReader(new FileReader(path));
    } catch (error) {
      const message = `The journal ${path} cannot be read: ${toError(error).message}`;
      throw new LabwireError('JOURNAL_FAILED', message, { cause: error });
    }
  }

  /** Every device that has ever told anything. */
  devices(): readonly string[] {
    return this.#file.devices();
  }

  /** About how many samples `range` has to give: for a progress bar. */
  count({ device, from, to }: RangeQuery): number {
    return this.#file.count(from, to, device);
  }

  /** Samples by time, oldest first, a bounded part of them in memory. */
  range(query: RangeQuery): AsyncGenerator<Sample> {
    const page = async (request: Parameters<FileReader['page']>[0]): Promise<ReturnType<FileReader['page']>> => {
      // Each page is read in one go; between two, whatever else waits has its turn.
      await turn();
      return this.#file.page(request);
    };
    return samplesByTime({ devices: () => this.#file.devices(), page }, query, this.#decoder);
  }

  close(): void {
    this.#file.close();
  }
}
