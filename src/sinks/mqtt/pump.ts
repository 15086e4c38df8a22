import type { MqttClient } from 'mqtt';
import type { Logger } from '../../base/index.ts';
import type { Journal, JournalRecord } from '../../journal/index.ts';
import type { StateEntry, StateSource } from '../sink.ts';
import type { StatusBoard } from '../sink-status.ts';
import type { PublishOptions, Topics } from './topics.ts';

export interface PumpParts {
  readonly name: string;
  readonly topics: Topics;
  readonly journal: Journal;
  readonly state: StateSource;
  readonly board: StatusBoard;
  readonly log: Logger;
}

type Acknowledged = (error?: Error | null) => void;

/** A record whose messages are not all acknowledged, in the order of the journal. */
interface Flight {
  readonly sequence: number;
  pending: number;
  next: Flight | undefined;
}

interface Message {
  readonly topic: string;
  readonly payload: string;
  readonly options: PublishOptions;
  readonly acknowledged: Acknowledged;
}

/** Far below the 65,535 message ids of MQTT. */
const LARGEST_WINDOW = 1000;
const LARGEST_READ = 256;

/**
 * Publishes over one connection after another: the current state, the newest sample of each device, then every record as
 * it comes. At most a window of messages is unacknowledged; what waits, waits in the journal. A record counts as
 * delivered when it and all before it are acknowledged.
 */
export class Pump {
  readonly #parts: PumpParts;
  #client: MqttClient | undefined;
  #window = 0;
  #inFlight = 0;
  /** The last record of the journal that was handed to the client. */
  #cursor = 0;
  /** The disk is being read. */
  #reading = false;
  #first: Flight | undefined;
  #last: Flight | undefined;
  /** Changed state by topic: of several changes that wait, only the last is sent. */
  readonly #state = new Map<string, string>();
  #latest: JournalRecord[] = [];
  /** The rest of the one record that the window had no room for. */
  #overflow: Message[] = [];
  /** Of the record that is being published: where its messages are counted, and what they call back. */
  #flight: Flight | undefined;
  #acknowledged: Acknowledged = () => {};
  #scheduled = false;
  /** The window is full. */
  #full = false;
  /** The refusal that was logged last: each is logged once. */
  #refusal: string | undefined;
  #onIdle: (() => void) | undefined;

  constructor(parts: PumpParts) {
    this.#parts = parts;
  }

  open(client: MqttClient, receiveMaximum: number): void {
    const { topics, journal, state } = this.#parts;
    this.#client = client;
    this.#window = Math.max(1, Math.min(LARGEST_WINDOW, receiveMaximum));
    this.#inFlight = 0;
    this.#full = false;
    this.#first = undefined;
    this.#last = undefined;
    this.#overflow = [];
    this.#state.clear();
    this.#state.set(topics.status, 'online');
    for (const entry of state.snapshot()) this.change(entry);
    this.#latest = [...state.latest()];
    this.#cursor = journal.head;
    this.#passOver();
    this.wake();
  }

  /** What was not acknowledged stays behind the offset. */
  close(): void {
    this.#client = undefined;
    this.#idle();
  }

  /** Takes a change of the gateway's state. */
  change(entry: StateEntry): void {
    const { topic, payload } = this.#parts.topics.state(entry);
    if (topic === this.#parts.topics.status) return;
    // Without a connection nothing is kept: the next one begins with the snapshot.
    if (!this.#client) return;
    this.#state.set(topic, payload);
    this.wake();
  }

  /** There may be something to publish. */
  readonly wake = (): void => {
    if (!this.#client) this.#passOver();
    if (this.#scheduled || this.#full || !this.#client) return;
    this.#scheduled = true;
    // After all that this turn still records: several records then leave in one write.
    process.nextTick(this.#run);
  };

  /** Resolves when everything is acknowledged, or the connection is gone. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#isIdle) this.#idle();
      else this.wake();
    });
  }

  /** Says `offline` as the last message. */
  farewell(): Promise<void> {
    return new Promise((resolve) => {
      const { topics } = this.#parts;
      if (this.#client) this.#client.publish(topics.status, 'offline', topics.stateOptions, () => resolve());
      else resolve();
    });
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    while (this.#client) {
      if (this.#inFlight >= this.#window) {
        this.#full = true;
        break;
      }
      const message = this.#overflow.shift();
      if (message) this.#send(message.topic, message.payload, message.options, message.acknowledged);
      else if (this.#state.size > 0) this.#publishState(this.#client);
      else if (this.#latest.length > 0) this.#publishLatest(this.#client);
      else if (!this.#publishRecords(this.#client)) break;
    }
    if (this.#isIdle) this.#idle();
  };

  #publishState(client: MqttClient): void {
    for (const [topic, payload] of this.#state) {
      if (this.#inFlight >= this.#window) return;
      this.#state.delete(topic);
      this.#send(topic, payload, this.#parts.topics.stateOptions, (error) => {
        if (!this.#landed(client)) return;
        if (error) this.#complain(error);
      });
    }
  }

  #publishLatest(client: MqttClient): void {
    const record = this.#latest.shift();
    this.#flight = undefined;
    this.#acknowledged = (error) => {
      if (this.#landed(client) && error) this.#refused(error);
    };
    if (record) this.#publish(record);
  }

  /** @returns whether there was anything to read */
  #publishRecords(client: MqttClient): boolean {
    const { journal } = this.#parts;
    if (this.#reading || this.#cursor >= journal.head) return false;
    const records = journal.read(this.#cursor, Math.min(LARGEST_READ, this.#window - this.#inFlight));
    if (!(records instanceof Promise)) return this.#publishAll(client, records);
    this.#reading = true;
    void records
      .then(
        (read) => client === this.#client && this.#publishAll(client, read),
        // What cannot be read now is passed over as an outage is.
        () => {
          this.#cursor = journal.head;
        },
      )
      .finally(() => {
        this.#reading = false;
        this.wake();
      });
    return false;
  }

  /** @returns whether there was any */
  #publishAll(client: MqttClient, records: readonly JournalRecord[]): boolean {
    for (const record of records) {
      if (this.#inFlight >= this.#window || this.#overflow.length > 0) return true;
      this.#cursor = record.sequence;
      // One more than its messages until all are sent: with QoS 0 each may be done at once.
      const flight: Flight = { sequence: record.sequence, pending: 1, next: undefined };
      if (this.#last) this.#last.next = flight;
      else this.#first = flight;
      this.#last = flight;
      this.#flight = flight;
      this.#acknowledged = (error) => {
        if (!this.#landed(client)) return;
        if (error) this.#refused(error);
        if (--flight.pending === 0) this.#advance();
      };
      this.#publish(record);
      if (--flight.pending === 0) this.#advance();
    }
    return records.length > 0;
  }

  /** Nothing in the journal waits for a broker that is away: the next connection begins with what is true then. */
  #passOver(): void {
    const { journal, board, name } = this.#parts;
    board.skip(journal.lag(name));
    journal.acknowledge(name, journal.head);
  }

  /** A description of channels is no message, since it stands in the device's state `info`; but some may be gone. */
  #publish(record: JournalRecord): void {
    const { topics } = this.#parts;
    if (record.kind === 'sample') topics.sample(record, this.#queue);
    else if (record.kind === 'event') this.#queue(topics.events, topics.event(record), topics.eventOptions);
    else topics.withdrawn(record.source, this.#queue);
  }

  readonly #queue = (topic: string, payload: string, options: PublishOptions): void => {
    if (this.#flight) this.#flight.pending++;
    const acknowledged = this.#acknowledged;
    if (this.#inFlight < this.#window) this.#send(topic, payload, options, acknowledged);
    else this.#overflow.push({ topic, payload, options, acknowledged });
  };

  #send(topic: string, payload: string, options: PublishOptions, acknowledged: Acknowledged): void {
    this.#inFlight++;
    this.#client?.publish(topic, payload, options, acknowledged);
  }

  /** @returns whether the message belongs to the present connection */
  #landed(client: MqttClient): boolean {
    if (client !== this.#client) return false;
    this.#inFlight--;
    if (this.#full) this.#refill();
    if (this.#onIdle && this.#isIdle) this.#idle();
    return true;
  }

  /**
   * Sends again as soon as there is any room, since a broker's next acknowledgements may wait in its kernel for ours
   * (Nagle's algorithm against delayed ACKs: 40 ms each time); but after all acknowledgements of this turn, in one write.
   */
  #refill(): void {
    this.#full = false;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  #refused(error: Error): void {
    this.#parts.board.refuse(1, error.message);
    this.#complain(error);
  }

  #complain(error: Error): void {
    if (this.#refusal === error.message) return;
    this.#refusal = error.message;
    this.#parts.log.error({ err: error }, `The broker refused a message: ${error.message}; check what it permits`);
  }

  /** Everything up to the first record that is still under way is delivered. */
  #advance(): void {
    const { journal, board, name } = this.#parts;
    let sequence = 0;
    while (this.#first?.pending === 0) {
      sequence = this.#first.sequence;
      this.#first = this.#first.next;
      board.delivered++;
    }
    if (!this.#first) this.#last = undefined;
    if (sequence > 0) journal.acknowledge(name, sequence);
  }

  get #isIdle(): boolean {
    if (!this.#client) return true;
    return (
      this.#inFlight === 0 &&
      this.#state.size === 0 &&
      this.#latest.length === 0 &&
      this.#overflow.length === 0 &&
      this.#cursor >= this.#parts.journal.head
    );
  }

  #idle(): void {
    this.#onIdle?.();
    this.#onIdle = undefined;
  }
}
