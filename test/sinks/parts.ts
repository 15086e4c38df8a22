import { type Clock, FakeClock, type Logger, systemClock } from '../../src/base/index.ts';
import type { DeviceDescription, Sample } from '../../src/instrument/index.ts';
import { type EventRecord, MemoryJournal } from '../../src/journal/index.ts';
import type { SinkParts, StateEntry, StateSource } from '../../src/sinks/index.ts';

/** Collects what is logged, as `level message`. */
export class LogLines implements Logger {
  readonly lines: string[] = [];
  readonly #add = (level: string) => (details: object | string, message?: string) =>
    void this.lines.push(`${level} ${typeof details === 'string' ? details : message}`);
  readonly debug = (): void => {};
  readonly info = this.#add('info');
  readonly warn = this.#add('warn');
  readonly error = this.#add('error');
  readonly fatal = this.#add('fatal');
  readonly child = (): Logger => this;
}

/** A state that a test sets by hand, keyed by its path joined with `/`. */
export class TestState implements StateSource {
  readonly entries = new Map<string, StateEntry>();
  samples: Sample[] = [];
  described: DeviceDescription[] = [description()];
  #listeners = new Set<(entry: StateEntry) => void>();

  set(path: readonly string[], value: unknown): void {
    const entry = { path, value };
    this.entries.set(path.join('/'), entry);
    for (const listener of this.#listeners) listener(entry);
  }

  snapshot(): Iterable<StateEntry> {
    return this.entries.values();
  }

  latest(): Iterable<Sample> {
    return this.samples;
  }

  devices(): Iterable<DeviceDescription> {
    return this.described;
  }

  onChange(listener: (entry: StateEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export interface TestParts extends SinkParts {
  readonly journal: MemoryJournal;
  readonly state: TestState;
  readonly log: LogLines;
}

export function realParts(): TestParts {
  return testParts(systemClock);
}

export function fakeParts(clock = new FakeClock()): TestParts & { clock: FakeClock } {
  return { ...testParts(clock), clock };
}

function testParts(clock: Clock): TestParts {
  return { journal: new MemoryJournal(), state: new TestState(), clock, log: new LogLines(), random: () => 0 };
}

export function description(change: Partial<DeviceDescription> = {}): DeviceDescription {
  return {
    gateway: 'lab_a',
    device: 'cryostat',
    model: 'lakeshore-218',
    port: '/dev/ttyUSB0',
    simulated: false,
    measurement: 'lakeshore_218',
    tags: {},
    interval: 1,
    channels: new Map(
      ['t1', 't2', 't3'].map((id) => [
        id,
        { id, type: 'number', kind: 'measurement', unit: 'K', quantity: 'temperature', scale: 1, offset: 0 },
      ]),
    ),
    ...change,
  };
}

/** 2026-11-24T03:40:00.123456Z */
export const TIME = 1_795_491_600_123_456;

export function sample(values: Sample['values'], source = description(), time = TIME): Sample {
  return { kind: 'sample', sequence: 0, source, time, values };
}

export function event(change: Partial<EventRecord> = {}): EventRecord {
  return {
    kind: 'event',
    sequence: 0,
    time: TIME,
    severity: 'warning',
    eventKind: 'task',
    code: 'REPLY_TIMEOUT',
    title: 'cryostat.acquire failed',
    text: 'No answer within 1 s',
    ...change,
  };
}

/** Waits for a condition of a real server; the limit is for a test that fails. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 40_000): Promise<void> {
  const limit = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`Not within ${limitMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
