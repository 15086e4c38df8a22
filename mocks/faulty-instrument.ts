import { type Clock, type EmulatedInstrument, type EmulatedLine, systemClock } from '../src/index.ts';
import { FaultyWay } from './faulty-way.ts';
import { seededRandom } from './seeded-random.ts';

export interface FaultyOptions {
  readonly clock?: Clock;
  /** Faults with the same seed hit the same bytes; default 1. */
  readonly seed?: number;
}

export interface RebootOptions {
  /** From the power cut to the banner, in s; default 2. */
  readonly seconds?: number;
  /** What it says before all else, line ends included (latin1); default nothing. */
  readonly banner?: string;
}

/**
 * An emulated instrument that misbehaves as real ones do, when and how a test says.
 *
 * ```ts
 * const clock = new FakeClock();
 * const faulty = new FaultyInstrument(() => new LakeShore218Emulator({ clock }), { clock, seed: 7 });
 * faulty.answers.next(drop());                       // loses the next answer
 * faulty.answers.next(late(1000), flip());           // the one after it comes after a limit of 1 s, with a wrong bit
 * faulty.questions.always(noise(), { rate: 0.1 });   // a tenth of what is asked arrives with noise in it
 * faulty.hang();                                     // is silent …
 * faulty.resume();                                   // … until now
 * faulty.reboot({ seconds: 2, banner: 'ready\r\n' });
 * faulty.answers.counts;                             // { drop: 1, late: 1, flip: 1 }
 * ```
 *
 * It goes wherever an instrument goes: on a `Plug`, to `serveEmulator(() => faulty, …)`, or to a gateway as an emulator.
 */
export class FaultyInstrument<Inner extends EmulatedInstrument = EmulatedInstrument> implements EmulatedInstrument {
  /** From the instrument to the gateway; a message is what the instrument sends at once. */
  readonly answers: FaultyWay;
  /** From the gateway to the instrument; a message is what arrives at once. */
  readonly questions: FaultyWay;
  readonly #clock: Clock;
  readonly #make: () => Inner;
  #instrument: Inner;
  #line: EmulatedLine | undefined;
  /** The instrument's own end, while it is on. */
  #inner: { receive(bytes: Buffer): void } | undefined;
  #boot: ReturnType<Clock['setTimer']> | undefined;
  #hangs = false;

  /** @param source an instrument, or what makes one: then a reboot makes a new one, which knows nothing of before */
  constructor(source: Inner | (() => Inner), { clock = systemClock, seed = 1 }: FaultyOptions = {}) {
    this.#clock = clock;
    this.#make = typeof source === 'function' ? source : () => source;
    this.#instrument = this.#make();
    const random = seededRandom(seed);
    const toGateway = (bytes: Buffer): void => this.#line?.send(bytes);
    const toInstrument = (bytes: Buffer): void => this.#inner?.receive(bytes);
    this.answers = new FaultyWay({ clock, random, deliver: toGateway, sendBack: toInstrument });
    this.questions = new FaultyWay({ clock, random, deliver: toInstrument, sendBack: toGateway });
  }

  /** The one that is wrapped; another after a reboot, if it was given by what makes it. */
  get instrument(): Inner {
    return this.#instrument;
  }

  connect(line: EmulatedLine): void {
    this.disconnect();
    this.#line = line;
    line.onReceive((bytes) => {
      if (this.#hangs || this.#boot) this.questions.count('lost');
      else this.questions.pass(bytes);
    });
    this.#switchOn();
  }

  disconnect(): void {
    this.#boot?.cancel();
    this.#boot = undefined;
    this.#switchOff();
    this.#line = undefined;
  }

  /** From now on it says nothing and hears nothing; what is on its way is lost, and what comes is not made good later. */
  hang(): void {
    this.#hangs = true;
    this.answers.discard();
    this.questions.discard();
  }

  resume(): void {
    this.#hangs = false;
  }

  /** Cuts its power and gives it back, which ends a hanging too. It must be connected. */
  reboot({ seconds = 2, banner = '' }: RebootOptions = {}): void {
    const line = this.#line;
    if (!line) throw new Error('An instrument that is not connected cannot reboot: connect it first');
    this.#boot?.cancel();
    this.#switchOff();
    this.#hangs = false;
    this.#boot = this.#clock.setTimer(() => {
      this.#boot = undefined;
      this.#instrument = this.#make();
      if (banner !== '') line.send(banner);
      this.#switchOn();
    }, seconds * 1000);
  }

  #switchOn(): void {
    const inner = { receive: (_bytes: Buffer): void => {} };
    this.#inner = inner;
    this.#instrument.connect({
      send: (bytes) => {
        if (this.#inner !== inner) return;
        if (this.#hangs) this.answers.count('lost');
        else this.answers.pass(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes));
      },
      onReceive: (listener) => {
        inner.receive = listener;
      },
    });
  }

  #switchOff(): void {
    if (!this.#inner) return;
    this.#inner = undefined;
    this.#instrument.disconnect();
    this.answers.discard();
    this.questions.discard();
  }
}
