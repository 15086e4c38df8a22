import type { z } from 'zod';
import { type Clock, LabwireError, type Logger, show, unlessAborted } from '../base/index.ts';
import type { Framing, Link, Port } from '../port/index.ts';
import { DataService, type SettingCore } from '../service/index.ts';
import type { TaskContext, TaskControl } from '../task/index.ts';
import type { RecordedChannel, RecordValue } from './recorded-channel.ts';
import type { ChannelValue } from './sample.ts';
import type { ChannelFacts } from './schema-parts.ts';

/** What one poll or frame says, by the driver's channel ids. A key that is left out or undefined says nothing. */
export type RecordValues = Readonly<Record<string, RecordValue | undefined>>;

export interface Identity {
  readonly serialNumber?: string;
  readonly firmware?: string;
}

/** What a device's assembly gives to its instrument. */
export interface InstrumentContext {
  readonly port: Port;
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Logger;
  /** By the driver's channel ids. */
  readonly channels: ReadonlyMap<string, RecordedChannel>;
  /** The one of several instruments on its line. */
  readonly address?: number | string;
  readonly identify?: { readonly query: string; readonly answer: RegExp };
  /** The settings that belong to the instrument. */
  readonly settings: ReadonlyMap<string, SettingCore>;
  /** What the configuration wants of them, by name: written at each connect; the others are read. */
  readonly configured: ReadonlyMap<string, unknown>;
  /** Longest time without a word from a talker, in seconds. */
  readonly silence?: number;
  /** Of a talker: at most one sample per so many seconds. */
  readonly thinning?: number;
  /** The port is open and the identity right. */
  connected(identity: Identity): void;
  /** One sample, its values ready to be published by their published ids. */
  sample(values: Record<string, ChannelValue>, time: number): void;
  /** A frame was rejected. */
  dropped(reason: string): void;
}

/** A question and its answer, in bytes as they go over the line. */
export interface Exchange {
  readonly sent: number;
  readonly received: number;
}

/** A driver class: made without arguments, side effects or a port. */
export interface InstrumentClass {
  new (): Instrument;
  /** zod schema of the section that is named as the driver, in a catalogue entry and in a site's configuration. */
  readonly options?: z.ZodType;
  /** zod schema of `address`, for instruments of which several share a line; default: it has none. */
  readonly address?: z.ZodType<number | string>;
  /** How its frames are cut, where that is no matter of lines; default by the `framing` of catalogue and site. */
  framing?(options: never): Framing;
  /**
   * What one poll sends and receives, for the reckoning whether a plan fits its line; default: nothing is known.
   *
   * @param channels those that the site wants
   */
  exchanges?(options: never, channels: readonly string[]): readonly Exchange[];
  /** Channels that follow from the driver's section, for instruments that the site describes. */
  channelsFrom?(options: never): Record<string, ChannelFacts>;
}

/** Gives an instrument its driver's section; needed before its channels are known. */
export let configureInstrument: (instrument: Instrument, options: unknown) => void;
/** Gives an instrument its port and its way to the journal. */
export let attachInstrument: (
  instrument: Instrument,
  context: InstrumentContext,
  acquire: TaskControl | undefined,
) => void;
/** As the driver's own `record()`: for what a writable channel reads back. */
export let recordValues: (instrument: Instrument, values: RecordValues) => void;
/** The `startPre` of an instrument's tasks. */
export let instrumentReady: (instrument: Instrument, context: TaskContext) => Promise<void>;

/**
 * A device on a port: a service whose task `acquire` reads it and whose channels are recorded. A driver extends it, talks
 * through `link` and calls `record()`; everything else, from the catalogue's facts to the sinks, is done around it.
 */
export abstract class Instrument extends DataService {
  #context: InstrumentContext | undefined;
  #options: unknown;
  #acquire: TaskControl | undefined;
  #serialNumber: string | undefined;
  #lastTime = 0;
  /** When the last frame was worth recording, or the run began: monotonic ms. */
  #validAt = 0;
  #pending: Record<string, ChannelValue> | undefined;

  static {
    configureInstrument = (instrument, options) => {
      instrument.#options = options;
    };
    attachInstrument = (instrument, context, acquire) => {
      instrument.#context = context;
      instrument.#acquire = acquire;
      acquire?.provenByProgress();
    };
    recordValues = (instrument, values) => instrument.record(values);
    instrumentReady = (instrument, context) => instrument.#ready(context);
  }

  get #attached(): InstrumentContext {
    if (this.#context) return this.#context;
    throw new LabwireError('INTERNAL', 'An instrument was used before a gateway attached it to a port');
  }

  /** Questions, commands and frames, one at a time. */
  protected get link(): Link {
    return this.#attached.link;
  }

  protected get log(): Logger {
    return this.#attached.log;
  }

  /** Which of several on its line it is, as `static address` has read it; undefined where the driver has none. */
  protected get address(): number | string | undefined {
    return this.#attached.address;
  }

  /** The section named as the driver, as `static options` has read it. */
  protected get options(): unknown {
    return this.#options;
  }

  /** Whether the site wants this channel: what it switched off need not be asked for. */
  protected wants(channel: string): boolean {
    return this.#attached.channels.get(channel)?.enabled ?? false;
  }

  /** The driver's ids of all channels of the model, in its order, those that the site switched off too. */
  protected get channelIds(): readonly string[] {
    return [...this.#attached.channels.keys()];
  }

  /** Frames of an instrument that talks by itself, until the signal; throws SILENT after the configured silence. */
  protected frames(signal: AbortSignal): ReturnType<Link['frames']> {
    const { link, silence } = this.#attached;
    return link.frames({ signal, ...(silence !== undefined && { silence }) });
  }

  /**
   * Counts a frame that was rejected, by reason (`checksum`, `invalid`, …); it shows in the device's health.
   *
   * @throws LabwireError SILENT where for the configured silence nothing else has come: noise is no word
   */
  protected drop(reason: string): void {
    const { dropped, silence, clock, port } = this.#attached;
    dropped(reason);
    if (silence === undefined || clock.monotonic() - this.#validAt < silence * 1000) return;
    throw new LabwireError(
      'SILENT',
      `${port.name} has said nothing of use for ${silence} s, though it talks; check the serial settings and what it sends`,
    );
  }

  /**
   * Makes one sample of one poll or frame.
   *
   * @param at arrival in µs since the Unix epoch; default that of the link's last frame
   * @throws LabwireError CHANNEL_UNKNOWN where a channel is not declared: a mistake of the driver or its catalogue entry
   */
  protected record(values: RecordValues, at: number = this.link.lastArrival): void {
    const context = this.#attached;
    const judged = this.#pending ?? {};
    let any = this.#pending !== undefined;
    for (const key in values) {
      const value = values[key];
      if (value === undefined) continue;
      const channel = context.channels.get(key);
      if (channel === undefined) {
        throw new LabwireError(
          'CHANNEL_UNKNOWN',
          `The driver recorded "${key}", which its catalogue entry does not declare`,
        );
      }
      if (!channel.enabled) continue;
      judged[channel.description.id] = channel.judge(value);
      any = true;
    }
    this.#acquire?.progress();
    this.#validAt = context.clock.monotonic();
    if (!any) return;
    if (context.thinning !== undefined && at < this.#lastTime + context.thinning * 1_000_000 && at >= this.#lastTime) {
      // A talker says different things in different frames: the newest of each is kept for the next sample.
      this.#pending = judged;
      return;
    }
    this.#pending = undefined;
    this.#lastTime = at;
    context.sample(judged, at);
  }

  /** What every task of an instrument waits for: the port open, the line clear, the right instrument behind it. */
  async #ready({ signal }: TaskContext): Promise<void> {
    const { port, link, clock, identify, settings, configured, connected } = this.#attached;
    await port.opened(signal);
    // What was said before an interruption is not to be told as if it were said after it.
    this.#pending = undefined;
    let identity: Identity = {};
    if (identify) identity = this.#identity(await link.query(identify.query, { signal }), identify.answer, port.name);
    for (const [name, setting] of settings) {
      const done = configured.has(name) ? setting.set(configured.get(name)) : setting.refresh();
      // A driver asks for it without the signal of the task.
      await unlessAborted(done, `Setting ${setting.path}`, signal);
    }
    this.#validAt = clock.monotonic();
    connected(identity);
  }

  #identity(reply: string, answer: RegExp, where: string): Identity {
    const match = answer.exec(reply);
    if (!match) {
      throw new LabwireError(
        'IDENTITY_WRONG',
        `At ${where} answers ${show(reply)}, which is not the configured model; connect the right instrument or change "model"`,
      );
    }
    const { serial, firmware } = match.groups ?? {};
    if (serial && this.#serialNumber !== undefined && serial !== this.#serialNumber) {
      throw new LabwireError(
        'IDENTITY_CHANGED',
        `At ${where} answers serial number ${serial}, before it was ${this.#serialNumber}; connect that one again, or edit the device's configuration or restart the gateway to take the new one`,
      );
    }
    if (serial) this.#serialNumber = serial;
    return { ...(serial && { serialNumber: serial }), ...(firmware && { firmware }) };
  }
}
