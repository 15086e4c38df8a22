import type { MqttClient } from 'mqtt';
import { type Clock, codeOf, isoTime, LabwireError, type Logger } from '../../base/index.ts';
import type { Journal, JournalRecord } from '../../journal/index.ts';
import type { StateEntry, StateSource } from '../sink.ts';
import type { StatusBoard } from '../sink-status.ts';
import { Backlog } from './backlog.ts';
import { type Flight, Lane } from './lane.ts';
import { Thinner } from './thinner.ts';
import type { PublishOptions, Topics } from './topics.ts';

export interface PumpParts {
  readonly name: string;
  readonly topics: Topics;
  readonly journal: Journal;
  readonly state: StateSource;
  readonly board: StatusBoard;
  readonly clock: Clock;
  readonly log: Logger;
  /** The broker takes no more for now: the connection is to be closed, and tried again later. */
  readonly overloaded: (error: Error) => void;
}

/** What a broker says at the connection of what it takes; no limit where it says nothing. */
export interface BrokerLimits {
  /** Messages that are not acknowledged. */
  readonly receiveMaximum?: number | undefined;
  /** Bytes. */
  readonly maximumPacketSize?: number | undefined;
}

type Acknowledged = (error?: Error | null) => void;

interface Message {
  readonly topic: string;
  readonly payload: string;
  readonly options: PublishOptions;
  readonly acknowledged: Acknowledged;
}

/** Far below the 65,535 message ids of MQTT. */
const LARGEST_WINDOW = 1000;
/** At QoS 0 each message that the socket has no room for waits for it as a listener, of which a stream takes 1000. */
const LARGEST_UNACKNOWLEDGED = 500;
const ANY = Number.POSITIVE_INFINITY;
/** Of a packet, beside topic and payload: type, length, id, properties. */
const HEADER_BYTES = 64;
/** The reason by which a broker says that it would take the message later. */
const QUOTA_EXCEEDED = 151;
/** Of the window: what the backlog may fill, so that what is live always finds room. */
const BACKLOG_SHARE = 0.5;
const LARGEST_READ = 256;
/** A broker so slow that more than this waits gets what is true now first, and the rest as backlog. */
const LARGEST_LIVE_LAG = 10_000;
/** Answers and messages of discovery that wait. */
const MOST_MESSAGES = 4096;

/**
 * Publishes over one connection after another: the current state, the newest value of each channel, then every record as
 * it comes, and beside that, in a share of the window, what was recorded before. At most a window of messages is
 * unacknowledged; what waits, waits in the journal.
 */
export class Pump {
  readonly #parts: PumpParts;
  #client: MqttClient | undefined;
  #window = 0;
  /** Bytes of the longest packet that the broker takes. */
  #largest = Number.POSITIVE_INFINITY;
  #backlogWindow = 0;
  #inFlight = 0;
  /** Where what is live begins, and the last of it that was handed to the client. */
  #cursor = 0;
  #live: Lane | undefined;
  #liveThinner = new Thinner();
  #backlog: Backlog | undefined;
  #backlogLane: Lane | undefined;
  #backlogThinner = new Thinner();
  /** Changed state by topic: of several changes that wait, only the last is sent. */
  readonly #state = new Map<string, string>();
  #messages: Message[] = [];
  #latest: JournalRecord[] = [];
  /** The rest of the one record that the window had no room for. */
  #overflow: Message[] = [];
  #backlogOverflow: Message[] = [];
  #scheduled = false;
  /** Nothing more can be sent until something is acknowledged. */
  #full = false;
  /** The refusal that was logged last: each is logged once. */
  #refusal: string | undefined;
  #readFailure: string | undefined;
  /** Only what is live is still delivered. */
  #draining = false;
  #onIdle: (() => void) | undefined;
  /** Of the record that is being published: where its messages are counted, what they call back, where the rest waits. */
  #lane: Lane | undefined;
  #flight: Flight | undefined;
  #acknowledged: Acknowledged = () => {};
  #rest: Message[] = this.#overflow;

  constructor(parts: PumpParts) {
    this.#parts = parts;
  }

  open(client: MqttClient, { receiveMaximum = ANY, maximumPacketSize = ANY }: BrokerLimits): void {
    const { topics, state, board, journal, name } = this.#parts;
    this.#client = client;
    this.#window = Math.max(
      1,
      Math.min(topics.stateOptions.qos === 0 ? LARGEST_UNACKNOWLEDGED : LARGEST_WINDOW, receiveMaximum),
    );
    this.#largest = maximumPacketSize;
    this.#backlogWindow = Math.max(1, Math.floor(this.#window * BACKLOG_SHARE));
    this.#inFlight = 0;
    this.#full = false;
    this.#overflow = [];
    this.#backlogOverflow = [];
    this.#messages = [];
    this.#state.clear();
    this.#state.set(topics.status, 'online');
    for (const entry of state.snapshot()) this.change(entry);
    this.#backlogThinner = new Thinner();
    this.#backlogLane = new Lane((upTo, records) => {
      board.delivered += records;
      journal.acknowledge(name, upTo);
      this.#passBacklog();
    });
    this.#backlog = new Backlog({
      ...this.#parts,
      ready: this.wake,
      failed: (error) => this.#unreadable(error),
    });
    this.#beginAnew();
    this.wake();
  }

  /** What was not acknowledged stays behind the offset. */
  close(): void {
    this.#client = undefined;
    this.#backlog?.close();
    this.#idle();
  }

  /** Takes a change of the gateway's state. */
  change({ path, value }: StateEntry): void {
    const { topics } = this.#parts;
    this.retain(topics.state(path), topics.statePayload(value));
  }

  /** Publishes something retained; of what waits for one topic, the last. Without a connection nothing is kept. */
  retain(topic: string, payload: string): void {
    if (!this.#client || topic === this.#parts.topics.status) return;
    this.#state.set(topic, payload);
    this.wake();
  }

  /** Publishes a single message before all records. @returns false where there is no connection, or too much waits */
  message(topic: string, payload: string, options: PublishOptions): boolean {
    const client = this.#client;
    if (!client || this.#messages.length >= MOST_MESSAGES) return false;
    const acknowledged = (error?: Error | null): void => {
      if (this.#landed(client) && error) this.#complain(error);
    };
    this.#messages.push({ topic, payload, options, acknowledged });
    this.wake();
    return true;
  }

  /** There may be something to publish. */
  readonly wake = (): void => {
    if (this.#scheduled || this.#full || !this.#client) return;
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
      const { topics } = this.#parts;
      if (this.#client) this.#client.publish(topics.status, 'offline', topics.stateOptions, () => resolve());
      else resolve();
    });
  }

  /** What is true now comes first; what was recorded up to now and is not delivered is backlog. */
  #beginAnew(): void {
    const { journal, state, topics, board, name } = this.#parts;
    const head = journal.head;
    this.#cursor = head;
    this.#live = new Lane((upTo, records) => {
      board.delivered += records;
      journal.acknowledge(name, upTo, head);
    });
    this.#liveThinner = new Thinner();
    // A poll is whole: what a device said at different times makes none.
    this.#latest = topics.mode === 'channels' ? [...state.latest()] : [];
    this.#backlog?.extend(head);
  }

  readonly #run = (): void => {
    this.#scheduled = false;
    const { journal } = this.#parts;
    if (this.#client && journal.head - this.#cursor > LARGEST_LIVE_LAG) this.#beginAnew();
    while (this.#client) {
      if (this.#inFlight >= this.#window) {
        this.#full = true;
        break;
      }
      const message = this.#overflow.shift();
      if (message) this.#sendMessage(message);
      else if (this.#state.size > 0) this.#publishState(this.#client);
      else if (this.#messages.length > 0) this.#sendMessage(this.#messages.shift());
      else if (this.#latest.length > 0) this.#publishLatest(this.#client);
      else if (!this.#publishLive(this.#client) && !this.#publishBacklog(this.#client)) break;
    }
    if (this.#isIdle) this.#idle();
  };

  #publishState(client: MqttClient): void {
    const { stateOptions: options } = this.#parts.topics;
    const acknowledged = (error?: Error | null): void => {
      if (this.#landed(client) && error) this.#complain(error);
    };
    for (const [topic, payload] of this.#state) {
      if (this.#inFlight >= this.#window) return;
      this.#state.delete(topic);
      this.#send(topic, payload, options, acknowledged);
    }
  }

  #publishLatest(client: MqttClient): void {
    const record = this.#latest.shift();
    if (record?.kind !== 'sample') return;
    this.#lane = undefined;
    this.#flight = undefined;
    this.#rest = this.#overflow;
    this.#acknowledged = (error) => {
      if (this.#landed(client) && error) this.#failed(error, record);
    };
    this.#parts.topics.live(record, this.#liveThinner, this.#queue);
  }

  /** @returns whether there was anything to read */
  #publishLive(client: MqttClient): boolean {
    const { journal } = this.#parts;
    const lane = this.#live;
    if (!lane || this.#cursor >= journal.head) return false;
    const records = journal.read(this.#cursor, Math.min(LARGEST_READ, this.#window - this.#inFlight));
    if (records instanceof Promise) {
      // What has left the memory is no longer live. The backlog reads it again, and tells what is wrong with the disk.
      records.catch(() => {});
      this.#beginAnew();
      return true;
    }
    // Sequences have gaps.
    if (records.length === 0) this.#cursor = journal.head;
    for (const record of records) {
      if (this.#inFlight >= this.#window || this.#overflow.length > 0) break;
      this.#cursor = record.sequence;
      this.#publish(client, record, lane, this.#overflow);
    }
    return true;
  }

  /** @returns whether there was anything to send, and room for it */
  #publishBacklog(client: MqttClient): boolean {
    const [backlog, lane] = [this.#backlog, this.#backlogLane];
    if (!backlog || !lane || this.#draining || lane.inFlight >= this.#backlogWindow) return false;
    const message = this.#backlogOverflow.shift();
    if (message) {
      this.#sendMessage(message);
      return true;
    }
    const record = backlog.next();
    if (!record) {
      this.#passBacklog();
      return false;
    }
    this.#publish(client, record, lane, this.#backlogOverflow);
    return true;
  }

  /** At the end of the backlog what is missing in the journal is passed over, so that the offset reaches what was live. */
  #passBacklog(): void {
    const { journal, name } = this.#parts;
    if (!this.#backlog?.taken || !this.#backlogLane?.idle) return;
    if (journal.delivered(name) < this.#backlog.upTo) journal.acknowledge(name, this.#backlog.upTo);
  }

  #publish(client: MqttClient, record: JournalRecord, lane: Lane, rest: Message[]): void {
    const { topics } = this.#parts;
    const flight = lane.take(record.sequence);
    this.#lane = lane;
    this.#flight = flight;
    this.#rest = rest;
    this.#acknowledged = (error) => {
      if (client !== this.#client) return;
      lane.inFlight--;
      if (!error || this.#failed(error, record)) lane.land(flight);
      this.#landed(client);
    };
    const historical = lane === this.#backlogLane;
    if (record.kind === 'event') this.#queue(topics.events, topics.event(record), topics.passingOptions);
    // A description of channels is no message, since it stands in the device's state `info`; but some may be gone.
    else if (record.kind === 'description') historical || topics.withdrawn(record.source, this.#queue);
    else if (historical) topics.historical(record, this.#backlogThinner, this.#queue);
    else topics.live(record, this.#liveThinner, this.#queue);
    lane.land(flight);
  }

  /** Each message is counted before it is sent, since at QoS 0 it may be done at once. */
  readonly #queue = (topic: string, payload: string, options: PublishOptions): void => {
    const acknowledged = this.#acknowledged;
    if (this.#flight) this.#flight.pending++;
    if (this.#lane) this.#lane.inFlight++;
    if (this.#inFlight < this.#window) this.#send(topic, payload, options, acknowledged);
    else this.#rest.push({ topic, payload, options, acknowledged });
  };

  #sendMessage(message: Message | undefined): void {
    if (message) this.#send(message.topic, message.payload, message.options, message.acknowledged);
  }

  #send(topic: string, payload: string, options: PublishOptions, acknowledged: Acknowledged): void {
    this.#inFlight++;
    if (this.#fits(topic, payload)) this.#client?.publish(topic, payload, options, acknowledged);
    else acknowledged(new LabwireError('SINK_REFUSED', `A message to ${topic} is longer than the broker takes`));
  }

  /** A broker closes the connection on a message that is too long for it, again and again. */
  #fits(topic: string, payload: string): boolean {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    if ((topic.length + payload.length) * 3 + HEADER_BYTES <= this.#largest) return true;
    return Buffer.byteLength(topic) + Buffer.byteLength(payload) + HEADER_BYTES <= this.#largest;
  }

  /** @returns whether the message belongs to the present connection */
  #landed(client: MqttClient): boolean {
    if (client !== this.#client) return false;
    this.#inFlight--;
    this.#refill();
    if (this.#onIdle && this.#isIdle) this.#idle();
    return true;
  }

  /**
   * Sends again as soon as there is any room, since a broker's next acknowledgements may wait in its kernel for ours
   * (Nagle's algorithm against delayed ACKs: 40 ms each time); but after all acknowledgements of this turn, in one write.
   */
  #refill(): void {
    if (!this.#full && this.#backlog?.taken !== false) return;
    this.#full = false;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#run);
  }

  /** @returns whether the message is done with: the broker will never take it */
  #failed(error: Error, record: JournalRecord): boolean {
    if (!isRefusal(error)) {
      // What the connection took with it becomes backlog.
      if (brokerCode(error) === QUOTA_EXCEEDED) this.#parts.overloaded(error);
      return false;
    }
    this.#parts.board.refuse(1, error.message, [recordName(record)]);
    this.#complain(error);
    return true;
  }

  #complain(error: Error): void {
    if (!isRefusal(error)) return;
    if (this.#refusal === error.message) return;
    this.#refusal = error.message;
    this.#parts.log.error({ err: error }, `The broker refused a message: ${error.message}; check what it permits`);
  }

  #unreadable(error: Error): void {
    if (this.#readFailure === error.message) return;
    this.#readFailure = error.message;
    this.#parts.log.warn({ err: error }, `The backlog for the broker waits: ${error.message}`);
  }

  get #isIdle(): boolean {
    if (!this.#client) return true;
    return (
      this.#inFlight === 0 &&
      this.#state.size === 0 &&
      this.#messages.length === 0 &&
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

/** A number: the reason that the broker gave. */
function brokerCode(error: Error): unknown {
  return 'code' in error ? error.code : undefined;
}

/** Everything else is said by the client, of messages that the connection took with it. */
function isRefusal(error: Error): boolean {
  const code = brokerCode(error);
  return (typeof code === 'number' && code !== QUOTA_EXCEEDED) || codeOf(error) === 'SINK_REFUSED';
}

function recordName(record: JournalRecord): string {
  if (record.kind === 'event') return `event ${record.code} of ${isoTime(record.time)}`;
  return `${record.kind} of ${record.source.device}, ${isoTime(record.time)}`;
}
