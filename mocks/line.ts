import { Talker, type TalkerOptions } from './talker.ts';

export interface LineEmulatorOptions extends TalkerOptions {
  /** What it prints, without the line's end; default `{"t":21.5,"rh":40}`. */
  readonly text?: () => string;
}

/** A board that prints a line each second. */
export class LineEmulator extends Talker {
  readonly #text: () => string;

  constructor({ text = () => '{"t":21.5,"rh":40}', ...options }: LineEmulatorOptions = {}) {
    super(options);
    this.#text = text;
  }

  protected override word(): string {
    return `${this.#text()}\r\n`;
  }
}
