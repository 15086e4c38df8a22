import type { Clock } from '../../base/index.ts';

/** One frame as the framing cut it out of the stream. */
export interface Frame {
  /** The frame without its terminator, one character for each byte (latin1): no byte can be lost or merged. */
  readonly text: string;
  /** Arrival of its last byte: whole µs since the Unix epoch. */
  readonly at: number;
  /** True of the first frame after an opening when the line was not quiet before it: its beginning may be missing. */
  readonly partial?: boolean;
}

/** Counts what a framing discarded, by reason. */
export type DropListener = (reason: string, bytes: number) => void;

/** Cuts bytes into frames. One for each opening of a port; holds at most `maxLength` bytes. */
export interface Framer {
  /** A frame has begun whose end has not come, or the end of one that is passed over: the next bytes may belong to it. */
  readonly hasBegun: boolean;
  /** Gives the framer the next bytes; it calls back for each frame completed by them, before it returns. */
  push(bytes: Buffer, at: number): void;
  /** Forgets a begun frame, and its timer if it has one; returns how many bytes that were. */
  reset(): number;
}

/** How an instrument's frames are cut out of its bytes and made for sending. */
export interface Framing {
  /** @param clock for framings that know a frame's end by the silence after it */
  createFramer(onFrame: (frame: Frame) => void, onDrop: DropListener, clock: Clock): Framer;
  /** A question or command as it goes over the line. */
  encode(text: string): Buffer;
  /**
   * Of a protocol whose instruments know the end of a frame by the silence after it: how long that is at least, in ms.
   *
   * @param characterMs the time of one character on the line
   */
  pauseMs?(characterMs: number): number;
}
