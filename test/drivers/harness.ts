import { drivers, models } from '../../drivers/index.ts';
import { FakeClock, type Frame, type LabwireError, silentLogger } from '../../src/index.ts';
import {
  attachInstrument,
  Bad,
  Catalogue,
  type ChannelFacts,
  type ChannelValue,
  configureInstrument,
  type InstrumentClass,
  RecordedChannel,
} from '../../src/instrument/index.ts';
import type { Link, Port } from '../../src/port/index.ts';
import { type Task, taskControl } from '../../src/task/index.ts';

export interface Recorded {
  readonly at: number;
  readonly values: Readonly<Record<string, ChannelValue>>;
}

export interface BenchOptions {
  /** Longest time without a word of use, in s; default without limit. */
  readonly silence?: number;
  /** The first line may have begun before the connection. */
  readonly joinedLate?: boolean;
  /** The driver's section, as a site writes it. */
  readonly options?: unknown;
  /** Channels that the site switched off. */
  readonly off?: readonly string[];
  /** Which of several on its line it is. */
  readonly address?: number | string;
  /** Answers questions. */
  readonly answer?: (question: string) => string;
}

/** A driver on the bench: no port, no gateway; what is said to it is said by the test, and what it records is kept. */
export class Bench {
  readonly clock = new FakeClock();
  readonly samples: Recorded[] = [];
  readonly drops: Record<string, number> = {};
  readonly questions: string[] = [];
  readonly logged: string[] = [];
  readonly acquire: Task;
  #lines: string[] = [];
  #more: (() => void) | undefined;
  #joinedLate: boolean;
  #arrival = 1_000_000;

  constructor(modelId: string, { options, off = [], answer, address, joinedLate = false, silence }: BenchOptions = {}) {
    this.#joinedLate = joinedLate;
    const catalogue = new Catalogue();
    catalogue.addFolder(models, silentLogger);
    const model = catalogue.get(modelId);
    if (!model) throw new Error(`no model ${modelId}`);
    const driver: InstrumentClass = drivers[model.driver as keyof typeof drivers];
    const instrument = new driver();
    const read = driver.options?.parse(options ?? model.driverOptions);
    configureInstrument(instrument, read);
    const facts = { ...model.channels, ...driver.channelsFrom?.(read as never) };
    attachInstrument(
      instrument,
      {
        port: { name: 'the bench' } as Port,
        link: this.#link(answer) as Link,
        clock: this.clock,
        log: {
          ...silentLogger,
          info: (text) => this.logged.push(String(text)),
          warn: (text) => this.logged.push(String(text)),
        },
        channels: new Map(Object.entries(facts).map(([id, fact]) => [id, channel(id, fact, !off.includes(id))])),
        settings: new Map(),
        ...(silence !== undefined && { silence }),
        ...(address !== undefined && { address }),
        configured: new Map(),
        connected: () => {},
        sample: (values, at) => this.samples.push({ at, values }),
        dropped: (reason) => {
          this.drops[reason] = (this.drops[reason] ?? 0) + 1;
        },
      },
      undefined,
    );
    this.acquire = (instrument as unknown as { acquire: Task }).acquire;
    taskControl(this.acquire).bind('acquire', { clock: this.clock, random: () => 0, log: silentLogger });
  }

  /** What a talker says, one second after the other, from a fresh connection on. */
  async hear(...lines: string[]): Promise<this> {
    this.#lines.push(...lines);
    if (this.acquire.state === 'inactive') this.acquire.start();
    else this.#more?.();
    await this.clock.advance(0);
    return this;
  }

  /** The values of all samples, `bad` ones as their reason. */
  get values(): Record<string, unknown>[] {
    return this.samples.map(({ values }) => plain(values));
  }

  get error(): string | undefined {
    return this.acquire.lastError?.message;
  }

  #link(answer: BenchOptions['answer']): Partial<Link> {
    const bench = this;
    return {
      get lastArrival() {
        return bench.#arrival;
      },
      query: async (question: string) => {
        bench.questions.push(question);
        bench.#arrival += 1000;
        if (!answer) throw new Error('asked although it talks');
        return answer(question);
      },
      frames: ({ signal } = {}) => bench.#frames(signal),
    };
  }

  async *#frames(signal?: AbortSignal): AsyncIterableIterator<Frame> {
    for (;;) {
      for (const text of this.#lines.splice(0)) {
        this.#arrival += 1_000_000;
        yield this.#joinedLate ? { text, at: this.#arrival, partial: true } : { text, at: this.#arrival };
        this.#joinedLate = false;
      }
      await new Promise<void>((resolve, reject) => {
        this.#more = resolve;
        signal?.addEventListener('abort', () => reject(signal.reason as LabwireError), { once: true });
      });
    }
  }
}

function channel(id: string, facts: ChannelFacts, enabled: boolean): RecordedChannel {
  const { type = 'number', kind = 'measurement', options, unit } = facts;
  const optional = { ...(options && { options }), ...(unit !== undefined && { unit }) };
  return new RecordedChannel({ id, type, kind, scale: 1, offset: 0, ...optional }, enabled);
}

/** Values as a test writes them: those that are `bad` by their reason in angle brackets. */
export function plain(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([id, value]) => [id, value instanceof Bad ? `<${value.reason}>` : value]),
  );
}
