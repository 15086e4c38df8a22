import { type Clock, type EmulatedInstrument, type EmulatedLine, systemClock } from '../src/index.ts';

export interface LakeShore218EmulatorOptions {
  /** From a question to its answer, in ms; default 0. The real one takes about 20. */
  readonly delayMs?: number;
  /** How far the temperatures swing about their values, in K; default 0. One swing takes about a minute. */
  readonly drift?: number;
  readonly serialNumber?: string;
  readonly clock?: Clock;
}

/** One input: what the sensor measures, and the sum of RDGST?. */
export interface EmulatedInput {
  kelvin: number;
  status: number;
}

const INPUTS = 8;
const SWING_S = 60;
/** What a question may have; longer ones are noise. */
const LONGEST_QUESTION = 255;

/** A Lake Shore 218 with eight sensors in a cryostat: `*IDN?`, `KRDG?`, `RDGST?`. What it does not know it ignores. */
export class LakeShore218Emulator implements EmulatedInstrument {
  /** False: it does not answer, as one that is switched off while its adapter stays plugged in. */
  powered = true;
  readonly #inputs: readonly EmulatedInput[] = Array.from({ length: INPUTS }, (_, index) => ({
    kelvin: [4.213, 4.35, 20.1, 39.8, 77.36, 77.9, 150, 295.4][index] ?? 295,
    status: 0,
  }));
  readonly #delayMs: number;
  readonly #drift: number;
  readonly #serialNumber: string;
  readonly #clock: Clock;
  readonly #answers = new Set<ReturnType<Clock['setTimer']>>();
  #line: EmulatedLine | undefined;
  #received = '';

  constructor({
    delayMs = 0,
    drift = 0,
    serialNumber = 'LSA0042',
    clock = systemClock,
  }: LakeShore218EmulatorOptions = {}) {
    this.#delayMs = delayMs;
    this.#drift = drift;
    this.#serialNumber = serialNumber;
    this.#clock = clock;
  }

  /** @param number 1 to 8 */
  input(number: number): EmulatedInput {
    const input = this.#inputs[number - 1];
    if (!input) throw new RangeError(`The 218 has the inputs 1 to ${INPUTS}, not ${number}`);
    return input;
  }

  connect(line: EmulatedLine): void {
    this.#line = line;
    line.onReceive((bytes) => this.#receive(bytes.toString('latin1')));
  }

  disconnect(): void {
    for (const answer of this.#answers) answer.cancel();
    this.#answers.clear();
    this.#line = undefined;
    this.#received = '';
  }

  #receive(text: string): void {
    if (!this.powered || !this.#line) {
      this.#received = '';
      return;
    }
    const questions = (this.#received + text).split(/[\r\n]+/);
    this.#received = questions.pop()?.slice(-LONGEST_QUESTION) ?? '';
    for (const question of questions) {
      const answer = this.#answer(question.trim());
      if (answer !== undefined) this.#send(`${answer}\r\n`);
    }
  }

  #send(answer: string): void {
    if (this.#delayMs === 0) {
      this.#line?.send(answer);
      return;
    }
    const timer = this.#clock.setTimer(() => {
      this.#answers.delete(timer);
      if (this.powered) this.#line?.send(answer);
    }, this.#delayMs);
    this.#answers.add(timer);
  }

  #answer(question: string): string | undefined {
    if (/^\*IDN\?$/i.test(question)) return `LSCI,MODEL218S,${this.#serialNumber},1.3`;
    const [, command, which] = /^(KRDG|RDGST)\? ?(\d+)$/i.exec(question) ?? [];
    const number = Number(which);
    const input = this.#inputs[number - 1];
    if (command?.toUpperCase() === 'RDGST') return input && String(input.status).padStart(3, '0');
    if (command && number === 0) return this.#inputs.map((each, index) => this.#kelvin(each, index)).join(',');
    return command && input && this.#kelvin(input, number - 1);
  }

  #kelvin(input: EmulatedInput, index: number): string {
    const phase = this.#clock.now() / 1_000_000 / SWING_S + index / INPUTS;
    const kelvin = input.kelvin + this.#drift * Math.sin(2 * Math.PI * phase);
    return `${kelvin < 0 ? '-' : '+'}${Math.abs(kelvin).toFixed(3).padStart(7, '0')}`;
  }
}
