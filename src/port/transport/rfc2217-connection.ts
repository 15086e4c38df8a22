import { type Clock, LabwireError, sleep } from '../../base/index.ts';
import type { Connection, ConnectionEvents } from '../connection.ts';
import { ConditionWaits } from './condition-waits.ts';
import { closedError } from './port-errors.ts';
import {
  ANSWER,
  breakRequest,
  COM_PORT,
  type ComPortRequest,
  FLOWCONTROL_RESUME,
  FLOWCONTROL_SUSPEND,
  isAnswerTo,
  isAsAsked,
  purgeRequest,
  settingRequests,
} from './rfc2217-requests.ts';
import type { SerialSettings } from './serial-settings.ts';
import { TelnetDecoder, telnetData, telnetSubnegotiation, type Verb } from './telnet-codec.ts';
import { TelnetOptions } from './telnet-options.ts';

/** Options of Telnet: eight bits as they are (RFC 856), and no turn-taking (RFC 858). */
const BINARY = 0;
const SUPPRESS_GO_AHEAD = 3;

const AGREEMENT_LIMIT_MS = 4_000;
const ANSWER_LIMIT_MS = 3_000;
/** For what a port may lack: ser2net does not answer for a line that is not there. */
const OPTIONAL_LIMIT_MS = 500;
const PURGE_LIMIT_MS = 1_500;
const SUSPENSION_LIMIT_MS = 10_000;
/** What may wait for a server that has suspended the sending. */
const HELD_LIMIT = 64 * 1024;

interface Asked {
  readonly request: ComPortRequest;
  answer?: Buffer;
}

/**
 * The client's side of RFC 2217 on one socket. What the server notifies of (modem and line state) is passed over; what
 * it says of the flow of data is obeyed.
 */
export class Rfc2217Connection implements Connection {
  /** What the socket is to tell. */
  readonly events: ConnectionEvents;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #options = new TelnetOptions([BINARY, SUPPRESS_GO_AHEAD, COM_PORT], [BINARY, SUPPRESS_GO_AHEAD]);
  readonly #asked = new Set<Asked>();
  readonly #waits: ConditionWaits;
  readonly #lost: (error: Error) => void;
  #socket: Connection | undefined;
  #established = false;
  #suspended = false;
  #held = 0;
  #ended: Error | undefined;

  constructor(name: string, events: ConnectionEvents, clock: Clock) {
    this.#name = name;
    this.#clock = clock;
    this.#waits = new ConditionWaits(`Opening ${name}`, clock);
    const decoder = new TelnetDecoder({
      data: (bytes) => events.data(bytes),
      negotiation: (verb, option) => this.#negotiate(verb, option),
      subnegotiation: (option, payload) => {
        if (option === COM_PORT) this.#command(payload);
      },
    });
    this.#lost = (error) => {
      if (this.#end(error)) events.lost(error);
    };
    this.events = {
      data: (bytes) => {
        if (this.#ended) return;
        decoder.push(bytes);
        this.#waits.look();
      },
      lost: this.#lost,
    };
  }

  /**
   * Agrees with the server on the protocol, and sets its port.
   *
   * @throws LabwireError PORT_FAILED where the server does not speak RFC 2217 or has other settings in force
   */
  async establish(socket: Connection, settings: SerialSettings, signal: AbortSignal): Promise<void> {
    this.#socket = socket;
    this.#send(this.#options.offers());
    await this.#waits.until(() => this.#options.ours(COM_PORT) !== 'asked', AGREEMENT_LIMIT_MS, signal);
    if (this.#options.ours(COM_PORT) !== 'agreed') throw this.#failed(NOT_SPOKEN);
    const requests = settingRequests(settings);
    await this.#require(
      requests.filter(({ optional }) => !optional),
      ANSWER_LIMIT_MS,
      signal,
    );
    await this.#require(
      requests.filter(({ optional }) => optional),
      OPTIONAL_LIMIT_MS,
      signal,
    );
    // The server has answered what came after the offer: it refuses, or agrees, or has no word for what it does (ser2net).
    if (this.#options.ours(BINARY) === 'refused' || this.#options.theirs(BINARY) === 'refused')
      throw this.#failed(NOT_BINARY);
    this.#established = true;
    const { breakMs = 0 } = settings;
    if (breakMs > 0) await this.#break(breakMs, signal);
  }

  async write(bytes: Uint8Array): Promise<void> {
    const socket = this.#open();
    const escaped = telnetData(bytes);
    if (!this.#suspended && this.#held === 0) return socket.write(escaped);
    if (this.#held + bytes.length > HELD_LIMIT) {
      this.#lost(this.#failed(HELD));
      throw this.#ended ?? closedError(this.#name);
    }
    this.#held += bytes.length;
    try {
      if (!(await this.#waits.until(() => !this.#suspended, SUSPENSION_LIMIT_MS))) this.#lost(this.#failed(HELD));
    } finally {
      this.#held -= bytes.length;
    }
    if (this.#ended) throw this.#ended;
    return socket.write(escaped);
  }

  /** What the server has received from its port and not sent, and what it has still to send. */
  async flush(): Promise<void> {
    this.#open();
    // A server without the command may leave it unanswered: what it held comes as what nobody asked for.
    await this.#ask([purgeRequest], PURGE_LIMIT_MS);
    this.#open();
  }

  async close(): Promise<void> {
    this.#end(closedError(this.#name));
    await this.#socket?.close();
  }

  async #break(milliseconds: number, signal: AbortSignal): Promise<void> {
    this.#send(telnetSubnegotiation(COM_PORT, breakRequest(true).payload));
    try {
      await sleep(this.#clock, milliseconds, signal);
    } finally {
      this.#send(telnetSubnegotiation(COM_PORT, breakRequest(false).payload));
    }
  }

  /** @throws LabwireError PORT_FAILED for what is not answered, unless it is optional, or is answered with another value */
  async #require(requests: readonly ComPortRequest[], limitMs: number, signal: AbortSignal): Promise<void> {
    for (const { request, answer } of await this.#ask(requests, limitMs, signal)) {
      const { what, payload, optional } = request;
      if (answer ? isAsAsked(request, answer) : optional) continue;
      const inForce = answer ? `has ${what} ${request.show(answer)} in force` : `does not answer about the ${what}`;
      throw this.#failed(
        `${inForce}, where ${request.show(payload)} was asked: set it at the terminal server, or correct \`serial:\` to what its port can`,
      );
    }
  }

  /** Resolves when all are answered, or at the limit. */
  async #ask(requests: readonly ComPortRequest[], limitMs: number, signal?: AbortSignal): Promise<Asked[]> {
    const asked: Asked[] = requests.map((request) => ({ request }));
    for (const each of asked) this.#asked.add(each);
    try {
      for (const { payload } of requests) this.#send(telnetSubnegotiation(COM_PORT, payload));
      await this.#waits.until(() => asked.every(({ answer }) => answer !== undefined), limitMs, signal);
      return asked;
    } finally {
      for (const each of asked) this.#asked.delete(each);
    }
  }

  #negotiate(verb: Verb, option: number): void {
    const answer = this.#options.receive(verb, option);
    if (answer) this.#send(answer);
    if (this.#established && (this.#options.ours(COM_PORT) === 'refused' || this.#options.ours(BINARY) === 'refused'))
      this.#lost(this.#failed('has ended RFC 2217: look at the terminal server'));
  }

  #command(payload: Buffer): void {
    const command = (payload[0] ?? 0) - ANSWER;
    if (command === FLOWCONTROL_SUSPEND) this.#suspended = true;
    else if (command === FLOWCONTROL_RESUME) this.#suspended = false;
    for (const asked of this.#asked) {
      if (asked.answer !== undefined || !isAnswerTo(asked.request, payload)) continue;
      asked.answer = Buffer.from(payload);
      return;
    }
  }

  /** Without an error of its own: a socket that takes nothing tells it as a loss. */
  #send(bytes: Uint8Array): void {
    this.#socket?.write(bytes).catch(this.#lost);
  }

  #open(): Connection {
    if (this.#ended || !this.#socket) throw closedError(this.#name);
    return this.#socket;
  }

  /** @returns false where it had ended already */
  #end(reason: Error): boolean {
    if (this.#ended) return false;
    this.#ended = reason;
    this.#waits.end(reason);
    return true;
  }

  #failed(why: string): LabwireError {
    return new LabwireError('PORT_FAILED', `${this.#name} ${why}`);
  }
}

const NOT_SPOKEN =
  'does not speak RFC 2217: switch it on at the terminal server, or give the address as `tcp:` and set the serial line there';
const NOT_BINARY =
  'does not pass all bytes as they are (it refuses the Telnet option BINARY): set it so at the terminal server, or use its raw port with `tcp:`';
const HELD =
  'has held the sending back for too long: the instrument, or its flow control, does not take what is sent to it';
