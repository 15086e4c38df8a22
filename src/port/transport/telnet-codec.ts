/**
 * Telnet as bytes: RFC 854 (commands, IAC doubled in data), RFC 855 (subnegotiation). Own code, since the libraries that
 * would serve are unmaintained or, as telnet-stream, under the AGPL.
 */

const IAC = 255;
const SE = 240;
const SB = 250;

/** The four verbs of a negotiation. */
export const WILL = 251;
export const WONT = 252;
export const DO = 253;
export const DONT = 254;
export type Verb = typeof WILL | typeof WONT | typeof DO | typeof DONT;

/** Bytes of a subnegotiation that are kept; the longest of RFC 2217 is a signature of some words. */
export const SUBNEGOTIATION_LIMIT = 512;

export interface TelnetEvents {
  /** What the other side sent as data, in order; the bytes are valid only during the call. */
  data(bytes: Buffer): void;
  negotiation(verb: Verb, option: number): void;
  /** The payload is valid only during the call. */
  subnegotiation(option: number, payload: Buffer): void;
}

/** Where the decoder stands: in data, after an IAC, after a verb, in a subnegotiation, after an IAC within one. */
type State = 'data' | 'iac' | 'verb' | 'sub' | 'sub-iac';

/**
 * Takes Telnet apart, whatever the chunks it comes in. It never throws: commands without a meaning here (NOP, AYT, DM …)
 * are passed over, and a subnegotiation that is too long or broken off is dropped.
 */
export class TelnetDecoder {
  readonly #events: TelnetEvents;
  readonly #sub = Buffer.alloc(SUBNEGOTIATION_LIMIT + 1);
  #subLength = 0;
  #state: State = 'data';
  #verb: Verb = WILL;

  constructor(events: TelnetEvents) {
    this.#events = events;
  }

  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; )
      at = this.#state === 'data' ? this.#data(bytes, at) : this.#control(bytes, at);
  }

  #data(bytes: Buffer, from: number): number {
    const iac = bytes.indexOf(IAC, from);
    const end = iac === -1 ? bytes.length : iac;
    if (end > from) this.#events.data(bytes.subarray(from, end));
    if (iac === -1) return end;
    this.#state = 'iac';
    return iac + 1;
  }

  /** Takes one byte. */
  #control(bytes: Buffer, at: number): number {
    const byte = bytes[at] as number;
    switch (this.#state) {
      case 'verb':
        this.#state = 'data';
        this.#events.negotiation(this.#verb, byte);
        break;
      case 'sub':
        if (byte === IAC) this.#state = 'sub-iac';
        else this.#keep(byte);
        break;
      case 'sub-iac':
        if (byte === IAC) {
          this.#state = 'sub';
          this.#keep(byte);
        } else if (byte === SE) {
          this.#state = 'data';
          this.#endSub();
        } else {
          // Its end was lost: what follows is a command of its own.
          this.#command(bytes, at);
        }
        break;
      default:
        this.#command(bytes, at);
    }
    return at + 1;
  }

  #command(bytes: Buffer, at: number): void {
    const byte = bytes[at] as number;
    this.#state = 'data';
    if (byte === IAC) {
      this.#events.data(bytes.subarray(at, at + 1));
    } else if (byte === SB) {
      this.#state = 'sub';
      this.#subLength = 0;
    } else if (byte === WILL || byte === WONT || byte === DO || byte === DONT) {
      this.#state = 'verb';
      this.#verb = byte;
    }
  }

  #keep(byte: number): void {
    if (this.#subLength <= SUBNEGOTIATION_LIMIT) this.#sub[this.#subLength] = byte;
    this.#subLength++;
  }

  /** Its first byte is the option. */
  #endSub(): void {
    if (this.#subLength === 0 || this.#subLength > this.#sub.length) return;
    this.#events.subnegotiation(this.#sub[0] as number, this.#sub.subarray(1, this.#subLength));
  }
}

/** Data on its way out: each byte 255 is sent twice. */
export function telnetData(bytes: Uint8Array): Uint8Array {
  let doubled = 0;
  for (const byte of bytes) if (byte === IAC) doubled++;
  if (doubled === 0) return bytes;
  const out = Buffer.alloc(bytes.length + doubled);
  let length = 0;
  for (const byte of bytes) {
    out[length++] = byte;
    if (byte === IAC) out[length++] = IAC;
  }
  return out;
}

export function telnetNegotiation(verb: Verb, option: number): Buffer {
  return Buffer.from([IAC, verb, option]);
}

export function telnetSubnegotiation(option: number, payload: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([IAC, SB, option]), telnetData(payload), Buffer.from([IAC, SE])]);
}
