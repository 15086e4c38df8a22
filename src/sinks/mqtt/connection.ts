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
import { networkRemedy } from '../network-remedy.ts';
import type { StatusBoard } from '../sink-status.ts';
import { Trouble } from '../trouble.ts';
import { gatherWrites } from './gather-writes.ts';
import type { BrokerLimits } from './outgoing.ts';

export type Connect = (url: string, options: IClientOptions) => MqttClient;

/** MQTT 5, 3.14.2.1: another client has connected with the same client id. */
const SESSION_TAKEN_OVER = 142;
const TWINS = 'give each gateway a gateway.id of its own';

export interface ConnectionOptions {
  readonly url: string;
  readonly client: IClientOptions;
  /** Whether the broker has to prove by a certificate that it is the one, where the url speaks of TLS. */
  readonly checked: boolean;
  /** Certificates and key, read anew for each attempt, since they expire and are replaced. */
  readonly credentials?: () => Promise<IClientOptions>;
  /** Called with each connection made, and what the broker said of itself. */
  readonly onOpen: (client: MqttClient, limits: BrokerLimits) => void;
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
/**
 * What costs at each packet and helps nobody here: arguments for a log that is never written, and a ping that is put off, by
 * which a connection that takes everything and answers nothing would seem alive as long as it is written to.
 */
const LEAN: IClientOptions = { log: () => {}, reschedulePings: false };
/** A connection that held for this long starts the delays anew. */
const HEALTHY_MS = 10_000;
/** CONNACK codes by which brokers of 3.1.1 and of 5 refuse the version; and the user. */
const VERSION_REFUSED = new Set<unknown>([1, 132]);
/** OpenSSL's words for a certificate that no known authority has signed. */
const UNKNOWN_AUTHORITY = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/;
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
  #interruption: Error | undefined;
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

  /** Closes, and tries again later, as after a loss. */
  interrupt(error: Error): void {
    this.#interruption = error;
    this.#client?.stream.destroy();
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
    const { credentials } = this.#options;
    if (!credentials) this.#connect({});
    else
      credentials().then(
        (read) => this.#ended || this.#connect(read),
        (error) => this.#ended || this.#retry(toError(error)),
      );
  }

  #connect(credentials: IClientOptions): void {
    const { url, client: options } = this.#options;
    let client: MqttClient;
    try {
      client = this.#parts.connect(url, { ...options, ...credentials, ...LEAN, protocolVersion: this.#version });
    } catch (error) {
      this.#retry(toError(error));
      return;
    }
    this.#client = client;
    this.#interruption = undefined;
    let failure = new Error('the broker closed the connection');
    client.on('error', (error) => {
      failure = error;
    });
    client.on('disconnect', ({ reasonCode }) => {
      failure = new Error(
        reasonCode === SESSION_TAKEN_OVER
          ? `another client took over the connection; ${TWINS}`
          : `the broker ended the connection, reason ${reasonCode}`,
      );
    });
    client.on('connect', ({ properties }) => {
      if (this.#ended) return;
      // Not every broker says why, as Mosquitto 2.0 does not.
      failure = new Error(`the broker closed the connection; if it does so again and again: ${TWINS}`);
      gatherWrites(client.stream);
      this.#opened(client, properties ?? {});
    });
    client.on('close', () => {
      if (this.#ended || client !== this.#client) return;
      this.#client = undefined;
      this.#closed(this.#interruption ?? failure);
      // It calls back for all that was under way, which by now concerns nobody.
      client.end(true);
    });
  }

  #opened(client: MqttClient, limits: BrokerLimits): void {
    this.#open = true;
    this.#openedAt = this.#parts.clock.monotonic();
    const version = this.#version === 5 ? '5' : '3.1.1';
    const unchecked = this.#options.checked ? '' : '; its certificate is NOT checked (rejectUnauthorized: false)';
    this.#trouble.over(`Connected to the broker at ${this.#address}, MQTT ${version}${unchecked}`);
    this.#parts.board.healthy();
    this.#options.onOpen(client, limits);
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
    if (failure instanceof LabwireError) return failure;
    const code = brokerCodeOf(failure);
    const reason = failure instanceof AggregateError ? failure.errors.map(String).join('; ') : failure.message;
    if (typeof code !== 'number') {
      const hint =
        typeof code === 'string' && UNKNOWN_AUTHORITY.test(code) ? '; name its authority by ca' : networkRemedy(reason);
      return new LabwireError('SINK_UNREACHABLE', `No connection to the broker at ${this.#address}: ${reason}${hint}`, {
        cause: failure,
      });
    }
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
