import type { ChannelValue } from '../../instrument/index.ts';

/** When a value is worth a message. */
export interface DeadBand {
  /** A number is news once it differs by more than this from the last one that was published. */
  readonly width: number;
  /** Whatever it is, it is published again after this time: µs. */
  readonly longest: number;
}

interface Published {
  readonly value: ChannelValue;
  readonly time: number;
}

/** Lets through what is news by the dead bands of the channels; remembers one value for each. */
export class Thinner {
  readonly #published = new Map<string, Published>();

  /** @param channel any name that stands for the channel alone */
  passes(channel: string, value: ChannelValue, time: number, band: DeadBand): boolean {
    const last = this.#published.get(channel);
    // A clock that was set back begins anew.
    const recent = last !== undefined && time >= last.time && time - last.time < band.longest;
    if (recent && alike(last.value, value, band.width)) return false;
    this.#published.set(channel, { value, time });
    return true;
  }
}

function alike(a: ChannelValue, b: ChannelValue, width: number): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= width;
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  if (a.reason !== b.reason || (a.value === null) !== (b.value === null)) return false;
  return a.value === null || b.value === null || alike(a.value, b.value, width);
}
