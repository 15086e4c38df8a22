/** What a line of a port's record is about. */
export type TrafficKind = 'sent' | 'received' | 'discarded' | 'frame' | 'dropped' | 'error' | 'state';

export interface TrafficEntry {
  /** Grows by one with each entry of the port; a gap is what was overwritten. */
  readonly sequence: number;
  /** Whole µs since the Unix epoch. */
  readonly at: number;
  readonly kind: TrafficKind;
  /** Of `sent`, `received`, and `discarded` (it arrived within the settle time). */
  readonly bytes?: Buffer;
  /** Of `frame` the frame (latin1), of `dropped` the reason, of `error` the message, of `state` the port's state. */
  readonly text?: string;
}

/** What lately went over a port, always recorded: when something is wrong it has happened already. */
export class Traffic {
  sent(_bytes: Uint8Array, _at: number): void {}

  received(_bytes: Buffer, _at: number): void {}

  discarded(_bytes: Buffer, _at: number): void {}

  note(_kind: 'frame' | 'dropped' | 'error' | 'state', _text: string, _at: number): void {}
}
