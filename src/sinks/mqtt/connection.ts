import type { IClientOptions, MqttClient } from 'mqtt';
import {
  type Clock,
  geometricDelay,
  LabwireError,
  type Logger,
  maskSecrets,
  type Timer,
  toError,
} from '../../base/index.ts';
import type { StatusBoard } from '../sink-status.ts';
import { Trouble } from '../trouble.ts';
import { gatherWrites } from './gather-writes.ts';

export type Connect = (url: string, options: IClientOptions) => MqttClient;

export interface ConnectionOptions {
  readonly url: string;
  readonly client: IClientOptions;
  /** Called with each connection made, and the most messages that the broker takes unacknowledged. */
  readonly onOpen: (client: MqttClient, receiveMaximum: number) => void;
  readonly onClose: () => void;
}

export interface ConnectionParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly board: StatusBoard;
  readonly random: () => number;
  readonly connect: Connect;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const DELAY_STEPS = 5;
const JITTER = 0.25;
/** A connection that held for this long starts the delays anew. */
const HEALTHY_MS = 10_000;
/** MQTT 5's default where the CONNACK names none. */
const ANY_NUMBER = 65_535;
/** CONNACK codes by which brokers of 3.1.1 and of 5 refuse the version; and the user. */
const VERSION_REFUSED = new Set<unknown>([1, 132]);
const USER_REFUSED = new Set<unknown>([4, 5, 134, 135]);

/**
 * Keeps one connection to a broker. Each attempt has a client of its own: a client that reconnects by itself sends again
 * what it still holds, and so lets a channel go back in time.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #parts: ConnectionParts;
  readonly #trouble: Trouble;
  readonly #address: string;
  #version: 4 | 5 = 5;
  #client: MqttClient | undefined;
  #open = false;
  #openedAt = 0;
  #attempts = 0;
  #timer: Timer | undefined;
  #ended = false;

  constructor(options: ConnectionOptions, parts: ConnectionParts) {
    this.#options = options;
    this.#parts = parts;
    this.#trouble = new Trouble(parts.log);
    this.#address = maskSecrets(options.url);
  }

  start(): void {
    this.#attempt();
  }

  /** Closes with a DISCONNECT, so that the broker drops the last will; resolves when closed. */
  end(): Promise<void> {
    const client = this.#leave();
    return new Promise((resolve) => (client ? client.end(!client.connected, {}, () => resolve()) : resolve()));
  }

  /** Closes at once, also while `end()` still waits for the broker. */
  cut(): void {
    const client = this.#leave();
    client?.end(true);
    client?.stream.destroy();
  }

  #leave(): MqttClient | undefined {
    this.#ended = true;
    this.#timer?.cancel();
    if (this.#open) {
      this.#open = false;
      this.#options.onClose();
      this.#parts.board.disconnected();
    }
    return this.#client;
  }

  #attempt(): void {
    this.#timer = undefined;
    let client: MqttClient;
    try {
      client = this.#parts.connect(this.#options.url, { ...this.#options.client, protocolVersion: this.#version });
    } catch (error) {
      this.#retry(toError(error));
      return;
    }
    this.#client = client;
    let failure = new Error('the broker closed the connection');
    client.on('error', (error) => {
      failure = error;
    });
    client.on('disconnect', ({ reasonCode }) => {
      failure = new Error(`the broker ended the connection, reason ${reasonCode}`);
    });
    client.on('connect', ({ properties }) => {
      if (this.#ended) return;
      gatherWrites(client.stream);
      this.#opened(client, properties?.receiveMaximum ?? ANY_NUMBER);
    });
    client.on('close', () => {
      if (this.#ended || client !== this.#client) return;
      this.#client = undefined;
      client.end(true);
      this.#closed(failure);
    });
  }

  #opened(client: MqttClient, receiveMaximum: number): void {
    this.#open = true;
    this.#openedAt = this.#parts.clock.monotonic();
    this.#trouble.over(`Connected to the broker at ${this.#address}, MQTT ${this.#version === 5 ? '5' : '3.1.1'}`);
    this.#parts.board.healthy();
    this.#options.onOpen(client, receiveMaximum);
  }

  #closed(failure: Error): void {
    if (this.#open) {
      this.#open = false;
      if (this.#parts.clock.monotonic() - this.#openedAt >= HEALTHY_MS) this.#attempts = 0;
      this.#options.onClose();
    }
    if (this.#version === 5 && VERSION_REFUSED.has(brokerCodeOf(failure))) {
      this.#version = 4;
      this.#attempt();
    } else this.#retry(failure);
  }

  #retry(failure: Error): void {
    const error = this.#describe(failure);
    this.#trouble.report(error);
    const delay = geometricDelay(++this.#attempts, FIRST_DELAY_MS, LONGEST_DELAY_MS, DELAY_STEPS);
    this.#timer = this.#parts.clock.setTimer(() => this.#attempt(), delay * (1 + JITTER * this.#parts.random()));
    this.#parts.board.retry(error.message);
  }

  #describe(failure: Error): LabwireError {
    const code = brokerCodeOf(failure);
    const reason = failure instanceof AggregateError ? failure.errors.map(String).join('; ') : failure.message;
    if (typeof code !== 'number')
      return new LabwireError('SINK_UNREACHABLE', `No connection to the broker at ${this.#address}: ${reason}`, {
        cause: failure,
      });
    const remedy = USER_REFUSED.has(code) ? '; check username and password, and what the broker permits this user' : '';
    return new LabwireError('SINK_REFUSED', `The broker at ${this.#address} says: ${reason}${remedy}`, {
      cause: failure,
    });
  }
}

/** A number: the reason that the broker gave; a string: the system's. */
function brokerCodeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined;
}
