import { io, type Socket } from 'socket.io-client';
import { abortError, LabwireError } from '../base/index.ts';
import type { Address } from './address.ts';
import { connectionFault } from './errors.ts';

export interface SessionListener {
  connected(): void;
  /** The connection is gone; it is made again after a while. */
  lost(): void;
  /** It could not be made. `final`: and it is not tried again. */
  refused(error: LabwireError, final: boolean): void;
  notified(data: unknown): void;
}

/** Of one call. */
export interface CallLimits {
  /** Longest wait for the answer. */
  readonly limitMs: number;
  /** Gives it up. */
  readonly signal?: AbortSignal | undefined;
}

/** The delays between attempts grow from the first to the longest, each by up to half less or more. */
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10_000;
const JITTER = 0.5;
/** One attempt. */
const ATTEMPT_MS = 10_000;
/** Calls that wait for their answers, and for being sent. */
const CALLS = 1_000;
/** So many are sent at once: a server of labwire refuses more than 64 of one client. */
const AT_ONCE = 60;

/** One connection to a server, made again by itself when it is lost. */
export class Session {
  readonly #address: Address;
  readonly #socket: Socket;
  #open = 0;
  /** What sends those that are not sent yet, in their order. */
  readonly #waiting = new Set<() => void>();
  #closed = false;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(address: Address, listener: SessionListener) {
    this.#address = address;
    this.#socket = io(address.origin, {
      path: address.path,
      autoConnect: false,
      forceNew: true,
      reconnectionDelay: FIRST_DELAY_MS,
      reconnectionDelayMax: LONGEST_DELAY_MS,
      randomizationFactor: JITTER,
      timeout: ATTEMPT_MS,
      extraHeaders: { ...address.headers },
      transports: transportsFor(address),
      tryAllTransports: true,
    });
    this.#socket.on('connect', () => listener.connected());
    this.#socket.on('notify', (message: unknown) => listener.notified(message));
    this.#socket.on('disconnect', (reason) => {
      if (reason === 'io client disconnect') return;
      listener.lost();
      // A server that ends a connection itself is not called again by socket.io.
      if (!this.#socket.active) this.#connectLater(FIRST_DELAY_MS);
    });
    this.#socket.on('connect_error', (thrown) => {
      const { error, final } = connectionFault(address.shown, thrown);
      listener.refused(error, final);
      if (!this.#closed && !this.#socket.active) this.#connectLater(LONGEST_DELAY_MS);
    });
  }

  start(): void {
    this.#socket.connect();
  }

  /** Gives the connection up and makes a new one after a while; nobody is told that it was lost. */
  renew(): void {
    this.#socket.disconnect();
    this.#connectLater(FIRST_DELAY_MS);
  }

  /** For good; calls that wait are rejected with ABORTED. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    this.#socket.disconnect();
  }

  /**
   * One event with its answer. Never sent twice: where the connection is lost it rejects with LabwireError
   * CONNECTION_LOST, and it is not known whether it was carried out. Rejects with TIMEOUT after the time limit and with
   * ABORTED with the signal, both also while it waits to be sent, and then it never is; with QUEUE_FULL where too many wait.
   *
   * @param take gets the answer before anything that the server says after it
   */
  ask<T>(
    event: string,
    args: readonly unknown[],
    { limitMs, signal }: CallLimits,
    take: (answer: unknown) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw abortError('The call', signal);
      if (!this.#socket.connected) throw this.#lost('there is no connection now, so nothing was sent');
      if (this.#open + this.#waiting.size >= CALLS) {
        throw new LabwireError('QUEUE_FULL', `${CALLS} calls wait for their answers already`);
      }
      const due = performance.now() + limitMs;
      const settle = (failure: LabwireError | undefined, answer?: unknown): void => {
        clearTimeout(late);
        signal?.removeEventListener('abort', onAbort);
        this.#waiting.delete(send);
        try {
          if (failure) throw failure;
          resolve(take(answer));
        } catch (error) {
          reject(error);
        }
      };
      const send = (): void => {
        if (!this.#socket.connected) {
          settle(this.#lost('nothing was sent'));
          return;
        }
        clearTimeout(late);
        this.#open++;
        const left = Math.max(0, due - performance.now());
        this.#socket.timeout(left).emit(event, ...args, (failure: Error | null, answer: unknown) => {
          this.#open--;
          if (!failure) settle(undefined, answer);
          else if (this.#socket.connected) settle(this.#late(event, limitMs));
          else settle(this.#lost('before it had answered; what was asked for may have been done or not'));
          this.#sendWaiting();
        });
      };
      const onAbort = (): void => settle(abortError('The call', signal));
      const late = setTimeout(() => settle(this.#late(event, limitMs)), limitMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(send);
      this.#sendWaiting();
    });
  }

  #sendWaiting(): void {
    for (const send of this.#waiting) {
      if (this.#open >= AT_ONCE) return;
      this.#waiting.delete(send);
      send();
    }
  }

  #connectLater(delayMs: number): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#socket.connect(), delayMs * (1 + JITTER * Math.random()));
  }

  #lost(when: string): LabwireError {
    if (this.#closed) return new LabwireError('ABORTED', 'The client is closed');
    return new LabwireError('CONNECTION_LOST', `The connection to ${this.#address.shown} is lost: ${when}`);
  }

  #late(event: string, limitMs: number): LabwireError {
    return new LabwireError(
      'TIMEOUT',
      `${this.#address.shown} gave no answer to ${event} within ${limitMs / 1000} s; what was asked for may still be done`,
    );
  }
}

/** A browser lets a page set headers of requests, but none of a WebSocket: credentials go the first way there. */
function transportsFor({ headers }: Address): ('websocket' | 'polling')[] {
  const inBrowser = 'document' in globalThis || 'WorkerGlobalScope' in globalThis;
  return inBrowser && Object.keys(headers).length > 0 ? ['polling', 'websocket'] : ['websocket', 'polling'];
}
