import { closeSync, cpSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Folder } from './labwire-process.ts';

/** The driver and the model of a device that records numbers as fast as it is told, and keeps a ledger of them. */
const PARTS = resolve(import.meta.dirname, '../fixtures/counter');

export interface CountOptions {
  readonly folder: Folder;
  /** Where the device stands: a tty that nothing is sent over. */
  readonly tty: string;
  /** Numbers per second. */
  readonly rate: number;
  readonly last: number;
  /** Further lines of the configuration. */
  readonly more: string;
  /** Further lines of that of the device. */
  readonly device?: string;
}

export interface CountingSite {
  readonly file: string;
  readonly ledger: Ledger;
}

/** Writes the configuration of a gateway with this one device. */
export function countingSite({ folder, tty, rate, last, more, device = '' }: CountOptions): CountingSite {
  cpSync(PARTS, folder.path, { recursive: true });
  const ledger = folder.write('ledger', '');
  folder.write('package.json', '{ "type": "module" }');
  const text = `gateway: { id: lab }
server: { port: 0 }
${more}
devices:
  counter:
    model: counter
    port: { path: ${tty} }
    counter: { ledger: ${ledger}, rate: ${rate}, last: ${last} }
${device}`;
  return { file: folder.write('labwire.yaml', text), ledger: new Ledger(ledger) };
}

/** Numbers from `from` + 1 up to `upTo`, for which `record()` had returned at a monotonic time in ns. */
export interface Accepted {
  readonly from: number;
  readonly upTo: number;
  readonly at: bigint;
}

/** What a counter says of itself, over all its lives. */
export class Ledger {
  readonly accepted: Accepted[] = [];
  readonly #path: string;
  #begun = 0;
  #from = 0;
  #position = 0;
  #rest = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** The last number that may have been recorded by now. */
  get begun(): number {
    this.read();
    return this.#begun;
  }

  /** Takes what was written since. */
  read(): void {
    const file = openSync(this.#path, 'r');
    const buffer = Buffer.alloc(65_536);
    for (;;) {
      const length = readSync(file, buffer, 0, buffer.length, this.#position);
      if (length === 0) break;
      this.#position += length;
      const lines = (this.#rest + buffer.toString('latin1', 0, length)).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
    }
    closeSync(file);
  }

  #take(line: string): void {
    const [kind, upTo, at] = line.split(' ');
    if (kind === '>') {
      this.#from = this.#begun;
      this.#begun = Number(upTo);
    } else this.accepted.push({ from: this.#from, upTo: Number(upTo), at: BigInt(at ?? 0) });
  }
}
