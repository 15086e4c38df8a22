import { type EmulatedInstrument, Pty } from '../src/index.ts';

export interface CableOptions {
  /** A symbolic link to the device, made with it and removed with it; default none. */
  readonly path?: string;
  /** It has its power from the cable: pulling it switches it off. Default false, it has its own. */
  readonly poweredByCable?: boolean;
}

export interface ReplugOptions {
  /** Default where it was. */
  readonly path?: string;
}

/**
 * An instrument on a real pseudo-terminal, whose cable a test pulls and plugs in again:
 *
 * ```ts
 * const plug = Plug.into(new LakeShore218Emulator(), { path: join(folder, 'ttyUSB0') });
 * plug.unplug();                                     // who has it open sees a hang-up, and the path is gone
 * plug.replug({ path: join(folder, 'ttyUSB1') });    // another device, on another path
 * plug.remove();
 * ```
 */
export class Plug {
  readonly #instrument: EmulatedInstrument;
  readonly #poweredByCable: boolean;
  #link: string | undefined;
  #pty: Pty | undefined;
  #isOn = false;
  #receive: (bytes: Buffer) => void = () => {};

  private constructor(instrument: EmulatedInstrument, options: CableOptions) {
    this.#instrument = instrument;
    this.#poweredByCable = options.poweredByCable ?? false;
    this.#link = options.path;
  }

  /**
   * Plugs the instrument in and switches it on.
   *
   * @throws LabwireError PTY_UNAVAILABLE, or PORT_FAILED when the link cannot be made
   */
  static into(instrument: EmulatedInstrument, options: CableOptions = {}): Plug {
    const plug = new Plug(instrument, options);
    plug.replug();
    return plug;
  }

  get isPlugged(): boolean {
    return this.#pty !== undefined;
  }

  /** Where a gateway finds it: the link, or the device itself, which is another one after each `replug()`. */
  get path(): string {
    const path = this.#link ?? this.#pty?.path;
    if (path === undefined) throw new Error('An instrument that is not plugged in has no path');
    return path;
  }

  /** Pulls the cable. What the instrument says from now on is lost. Idempotent. */
  unplug(): void {
    if (this.#poweredByCable) this.#switchOff();
    this.#pty?.close();
    this.#pty = undefined;
  }

  /** Plugs the cable in, after pulling it if it is plugged in. Throws as `into()` does. */
  replug({ path }: ReplugOptions = {}): void {
    this.unplug();
    this.#link = path ?? this.#link;
    const pty = Pty.open(this.#link === undefined ? {} : { link: this.#link });
    this.#pty = pty;
    pty.onData((bytes) => {
      // What was sent before an unplug and not read is lost with it.
      if (this.#pty === pty) this.#receive(bytes);
    });
    this.#switchOn();
  }

  /** Pulls the cable and switches the instrument off. */
  remove(): void {
    this.unplug();
    this.#switchOff();
  }

  #switchOn(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#instrument.connect({
      send: (bytes) => this.#pty?.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes),
      onReceive: (listener) => {
        this.#receive = listener;
      },
    });
  }

  #switchOff(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#instrument.disconnect();
    this.#receive = () => {};
  }
}
