import { type Clock, isoTime, Listeners, type Logger } from '../base/index.ts';
import type { EventRecord, Severity } from './events.ts';
import type { JournalState } from './journal.ts';

/** Tells what is wrong with the journal: to the log, as an event, and as its state; each thing once until it is mended. */
export class JournalAlarm {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #append: (event: EventRecord) => void;
  readonly #listeners = new Listeners<[JournalState]>();
  /** What was told since all was well. */
  readonly #told = new Set<string>();
  #state: JournalState = { state: 'ok' };

  constructor(path: string, clock: Clock, log: Logger, append: (event: EventRecord) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    this.#append = append;
  }

  get state(): JournalState {
    return this.#state;
  }

  onState(listener: (state: JournalState) => void): () => void {
    return this.#listeners.add(listener);
  }

  degraded(reason: string): void {
    const message = `The journal ${this.#path} takes nothing: ${reason}. Records are kept in memory, and the disk is tried again.`;
    const before = this.#state;
    if (before.state === 'degraded' && before.message === message) return;
    const since = before.state === 'degraded' ? before.since : isoTime(this.#clock.now());
    this.#state = { state: 'degraded', code: 'JOURNAL_FAILED', message, since };
    if (!this.#told.has(message)) this.#tell('error', 'JOURNAL_FAILED', 'Journal degraded', message);
    this.#told.add(message);
    this.#listeners.tell(this.#state);
  }

  recovered(): void {
    if (this.#state.state === 'ok') return;
    this.#state = { state: 'ok' };
    this.#told.clear();
    this.#tell('info', 'JOURNAL_RECOVERED', 'Journal recovered', `The journal ${this.#path} is written again.`);
    this.#listeners.tell(this.#state);
  }

  setAside(path: string): void {
    const text = `The journal was damaged. It is kept as ${path}, and a new one was begun.`;
    this.#tell('error', 'JOURNAL_FAILED', 'Journal set aside', text);
  }

  /** Some rows make no sense. */
  damaged(): void {
    const text = `Records in ${this.#path} are damaged and are left out; the disk may be failing.`;
    if (!this.#told.has(text)) this.#tell('warning', 'JOURNAL_FAILED', 'Records are damaged', text);
    this.#told.add(text);
  }

  /** @param losers the sinks that have just begun to lose records, with how many */
  losing(losers: readonly [sink: string, count: number][]): void {
    for (const [sink, count] of losers) {
      const text = `${sink} has not taken what the journal has no more room or time for: ${count} records and counting.`;
      this.#tell('warning', 'RECORDS_DROPPED', `Records for ${sink} are discarded`, text);
    }
  }

  #tell(severity: Severity, code: string, title: string, text: string): void {
    this.#log[severity === 'warning' ? 'warn' : severity]({ code }, text);
    const time = this.#clock.now();
    this.#append({ kind: 'event', sequence: 0, time, severity, eventKind: 'journal', code, title, text });
  }
}
