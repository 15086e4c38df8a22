import type { MqttClient } from 'mqtt';
import type { Clock, Logger, Timer } from '../../base/index.ts';
import type { Journal, JournalRecord } from '../../journal/index.ts';
import type { StateEntry, StateSource } from '../sink.ts';
import type { StatusBoard } from '../sink-status.ts';
import { Backlog } from './backlog.ts';
import { Lane } from './lane.ts';
import { type Acknowledged, type BrokerLimits, type Message, Outgoing } from './outgoing.ts';
import { RecordPublisher } from './record-publisher.ts';
import { Refusals } from './refusals.ts';
import type { PublishOptions, Topics } from './topics.ts';

export interface PumpParts {
  readonly name: string;
  readonly topics: Topics;
  readonly journal: Journal;
  readonly state: StateSource;
  readonly board: StatusBoard;
  readonly clock: Clock;
  readonly log: Logger;
  /** The broker takes no more for now, or has lost something: the connection is to be closed, and tried again later. */
  readonly overloaded: (error: Error) => void;
}

type SampleRecord = JournalRecord & { kind: 'sample' };

/** What the backlog may have in flight: so much of the window, so that what is live always finds room … */
const BACKLOG_SHARE = 0.5;
/** … and so many messages: behind them what is live waits at the broker. */
const LARGEST_BACKLOG = 100;
/** And the same for one message more that goes out as the answer to an acknowledgement. */
const ANSWERED_SHARE = 0.75;
const LARGEST_ANSWERED = 150;
const LARGEST_READ = 256;
/** A broker so slow that more than this waits gets what is true now first, and the rest as backlog. */
const LARGEST_LIVE_LAG = 10_000;
/**
 * A broker acknowledges in the order in which it was sent to (MQTT 5, 4.6): a message that so many later ones have overtaken it
 * never will. It is half of the identifiers, which the client gives again without a look at those in use.
 */
const LOST_AFTER = 32_768;
/** A broker that lives, and acknowledges nothing at all for so long. */
const SILENCE_MS = 60_000;
/** Answers and messages of discovery that wait. */
const MOST_MESSAGES = 4096;

/**
 * Publishes over one connection after another: the current state, the newest value of each channel, then every record as
 * it comes, and beside that, in a share of the window, what was recorded before. At most a window of messages is
 * unacknowledged; what waits, waits in the journal.
 */
export class Pump {
  readonly #parts: PumpParts;
  readonly #outgoing: Outgoing;
  readonly #refusals: Refusals;
  readonly #records: RecordPublisher;
  /** The last record of what is live that was handed to the client. */
  #cursor = 0;
  #live: Lane | undefined;
  #backlog: Backlog | undefined;
  #past: Lane | undefined;
  #forgetRewind: (() => void) | undefined;
  #silence: Timer | undefined;
  /** Changed state by topic: of several changes that wait, only the last is sent. */
  readonly #state = new Map<string, string>();
  #messages: Message[] = [];
  #latest: SampleRecord[] = [];
  #scheduled = false;
  /** Nothing more can be sent until something is acknowledged. */
  #full = false;
  /** Something was acknowledged, and nothing has gone out since. */
  #acknowledged = false;
  #readFailure: string | undefined;
  /** Only what is live is still delivered. */
  #draining = false;
  #onIdle: (() => void) | undefined;

  constructor(parts: PumpParts) {
    const { topics } = parts;
    this.#parts = parts;
    this.#outgoing = new Outgoing(topics.stateOptions.qos);
    this.#refusals = new Refusals(parts);
    this.#records = new RecordPublisher({
      ...{ topics, outgoing: this.#outgoing, refusals: this.#refusals },
      landed: (client) => this.#landed(client),
    });
  }

  open(client: MqttClient, limits: BrokerLimits): void {
    const { topics, state, journal } = this.#parts;
    this.#outgoing.open(client, limits);
    this.#full = false;
    this.#messages = [];
    this.#state.clear();
    this.#state.set(topics.status, 'online');
    for (const entry of state.snapshot()) this.change(entry);
    this.#openBacklog();
    this.#forgetRewind?.();
    this.#forgetRewind = journal.onRewind(() => this.#rewind());
    this.#live = undefined;
    this.#beginAnew();
    this.#watch();
    this.wake();
  }

  /** What was not acknowledged stays behind the offset. */
  close(): void {
    this.#outgoing.close();
    this.#backlog?.close();
    this.#forgetRewind?.();
    this.#silence?.cancel();
    this.#idle();
  }

  /** Takes a change of the gateway's state. */
  change({ path, value }: StateEntry): void {
    const { topics } = this.#parts;
    this.retain(topics.state(path), topics.statePayload(value));
  }

  /** Publishes something retained; of what waits for one topic, the last. Without a connection nothing is kept. */
  retain(topic: string, payload: string): void {
    if (!this.#outgoing.client || topic === this.#parts.topics.status) return;
    this.#state.set(topic, payload);
    this.wake();
  }

  /** Publishes a single message before all records. @returns false where there is no connection, or too much waits */
  message(topic: string, payload: string, options: PublishOptions): boolean {
    const { client } = this.#outgoing;
    if (!client || this.#messages.length >= MOST_MESSAGES) return false;
    this.#messages.push({ topic, payload, options, acknowledged: this.#alone(client) });
    this.wake();
    return true;
  }

  /** There may be something to publish. */
  readonly wake = (): void => {
    if (this.#scheduled || this.#full || !this.#outgoing.client) return;
    this.#scheduled = true;
    // After all that this turn still records: several records then leave in one write.
    process.nextTick(this.#run);
  };

  /** Resolves when all that is live is acknowledged, or the connection is gone. The backlog stays where it is. */
  drained(): Promise<void> {
    this.#draining = true;
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#isIdle) this.#idle();
      else this.wake();
    });
  }

  /** Says `offline` as the last message. */
  farewell(): Promise<void> {
    return new Promise((resolve) => {
      const { status, stateOptions } = this.#parts.topics;
      const { client } = this.#outgoing;
      if (client) client.publish(status, 'offline', stateOptions, () => resolve());
      else resolve();
    });
  }

  /** What is not delivered now, up to an end that is yet to be set. */
  #openBacklog(): void {
    const { journal, board, name } = this.#parts;
    const backlog = new Backlog({ ...this.#parts, ready: this.wake, failed: (error) => this.#unreadable(error) });
    this.#backlog?.close();
    this.#backlog = backlog;
    this.#past = new Lane({
      historical: true,
      acknowledged: () => this.#outgoing.acknowledged,
      delivered: (upTo, records) => {
        board.delivered += records;
        journal.acknowledge(name, upTo, backlog.after);
        this.#passBacklog();
      },
    });
  }

  /** The backlog begins further back than it was thought to; what of it is under way goes out twice. */
  #rewind(): void {
    const upTo = this.#backlog?.upTo ?? 0;
    this.#openBacklog();
    this.#backlog?.extend(upTo);
    this.wake();
  }

  /** What is true now comes first; what was recorded up to now and is not delivered is backlog. */
  #beginAnew(): void {
    const { journal, state, topics, board, name } = this.#parts;
    const head = journal.head;
    this.#cursor = head;
    // What the records that are skipped have said of channels.
    topics.described(state.devices(), (topic, payload) => this.retain(topic, payload));
    this.#live = new Lane({
      historical: false,
      acknowledged: () => this.#outgoing.acknowledged,
      ...(this.#live && { overflow: this.#live.overflow }),
      delivered: (upTo, records) => {
        board.delivered += records;
        journal.acknowledge(name, upTo, head);
      },
    });
    // A poll is whole: what a device said at different times makes none.
    this.#latest = topics.mode === 'channels' ? [...state.latest()] : [];
    this.#backlog?.extend(head);
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    const { journal } = this.#parts;
    const { client } = this.#outgoing;
    if (client && journal.head - this.#cursor > LARGEST_LIVE_LAG) this.#beginAnew();
    while (client && client === this.#outgoing.client && this.#live && this.#past) {
      if (this.#outgoing.full) {
        this.#full = true;
        break;
      }
      const message = this.#live.waiting();
      if (message) this.#send(message);
      else if (this.#state.size > 0) this.#publishState(client);
      else if (this.#messages.length > 0) this.#send(this.#messages.shift());
      else if (this.#latest.length > 0) this.#publishLatest(client, this.#live);
      else if (!this.#publishLive(client, this.#live) && !this.#publishBacklog(client, this.#past)) break;
    }
    if (this.#isIdle) this.#idle();
  };

  #send(message: Message | undefined): void {
    if (message) this.#outgoing.send(message.topic, message.payload, message.options, message.acknowledged);
  }

  #publishState(client: MqttClient): void {
    const { stateOptions } = this.#parts.topics;
    const acknowledged = this.#alone(client);
    for (const [topic, payload] of this.#state) {
      if (this.#outgoing.full) return;
      this.#state.delete(topic);
      this.#outgoing.send(topic, payload, stateOptions, acknowledged);
    }
  }

  /** Of a message that belongs to no record. */
  #alone(client: MqttClient): Acknowledged {
    return (error) => {
      if (error && client === this.#outgoing.client) this.#refusals.ofMessage(error);
      this.#landed(client);
    };
  }

  #publishLatest(client: MqttClient, lane: Lane): void {
    const record = this.#latest.shift();
    if (record) this.#records.publishLatest(client, record, lane);
  }

  /** @returns whether there was anything to read */
  #publishLive(client: MqttClient, lane: Lane): boolean {
    const { journal } = this.#parts;
    if (this.#cursor >= journal.head) return false;
    const room = this.#outgoing.window - this.#outgoing.inFlight;
    const records = journal.read(this.#cursor, Math.min(LARGEST_READ, room));
    if (records instanceof Promise) {
      // What has left the memory is no longer live. The backlog reads it again, and tells what is wrong with the disk.
      records.catch(() => {});
      this.#beginAnew();
      return true;
    }
    // Sequences have gaps.
    if (records.length === 0) this.#cursor = journal.head;
    for (const record of records) {
      if (this.#outgoing.full || lane.overflow.length > 0) break;
      this.#cursor = record.sequence;
      this.#records.publish(client, record, lane);
    }
    return true;
  }

  /** @returns whether there was anything to send, and room for it */
  #publishBacklog(client: MqttClient, lane: Lane): boolean {
    const share = this.#acknowledged
      ? this.#share(ANSWERED_SHARE, LARGEST_ANSWERED)
      : this.#share(BACKLOG_SHARE, LARGEST_BACKLOG);
    if (this.#draining || lane.inFlight - lane.overflow.length >= share) return false;
    const message = lane.waiting();
    if (message) {
      this.#send(message);
      return true;
    }
    const record = this.#backlog?.next();
    this.#acknowledged = false;
    if (record) this.#records.publish(client, record, lane);
    else this.#passBacklog();
    return record !== undefined;
  }

  /**
   * An acknowledgement is answered by a message wherever there is one: the broker's next may wait in its kernel for
   * ours, which goes with the message, or 40 ms later (Nagle's algorithm against delayed ACKs).
   */
  #share(ofWindow: number, most: number): number {
    return Math.max(1, Math.min(most, Math.floor(this.#outgoing.window * ofWindow)));
  }

  /** At the end of the backlog what is missing in the journal is passed over, so that the offset reaches what was live. */
  #passBacklog(): void {
    const { journal, name } = this.#parts;
    if (!this.#backlog?.taken || !this.#past?.idle) return;
    const { after, upTo } = this.#backlog;
    if (journal.delivered(name) < upTo) journal.acknowledge(name, upTo, after);
  }

  #landed(client: MqttClient): void {
    if (!this.#outgoing.landed(client)) return;
    this.#acknowledged = true;
    if (this.#isLost(this.#live) || this.#isLost(this.#past))
      this.#parts.overloaded(new Error('the broker passed over a message in its acknowledgements'));
    this.#refill();
    if (this.#onIdle && this.#isIdle) this.#idle();
  }

  /** Looks now and then whether anything is acknowledged. */
  #watch(): void {
    const { inFlight, acknowledged } = this.#outgoing;
    this.#silence?.cancel();
    this.#silence = this.#parts.clock.setTimer(() => {
      if (inFlight === 0 || this.#outgoing.acknowledged > acknowledged) this.#watch();
      else this.#parts.overloaded(new Error(`the broker has acknowledged nothing for ${SILENCE_MS / 1000} s`));
    }, SILENCE_MS);
  }

  #isLost(lane: Lane | undefined): boolean {
    return lane !== undefined && lane.overtaken > LOST_AFTER;
  }

  /** Sends again as soon as there is any room; but after all acknowledgements of this turn, in one write. */
  #refill(): void {
    if (!this.#full && this.#backlog?.taken !== false && this.#past?.overflow.length === 0) return;
    this.#full = false;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  #unreadable(error: Error): void {
    if (this.#readFailure === error.message) return;
    this.#readFailure = error.message;
    this.#parts.log.warn({ err: error }, `The backlog for the broker waits: ${error.message}`);
  }

  get #isIdle(): boolean {
    if (!this.#outgoing.client) return true;
    return (
      this.#outgoing.inFlight === 0 &&
      this.#state.size === 0 &&
      this.#messages.length === 0 &&
      this.#latest.length === 0 &&
      (this.#live?.overflow.length ?? 0) === 0 &&
      this.#cursor >= this.#parts.journal.head
    );
  }

  #idle(): void {
    this.#onIdle?.();
    this.#onIdle = undefined;
  }
}
