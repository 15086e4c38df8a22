import type { LineSettings, TrafficEntry } from '../port/index.ts';
import type { PortFacts, TrafficListener } from './gateway-traffic.ts';
import type { Recording } from './recording.ts';
import { type TrafficText, trafficJson } from './traffic-text.ts';

export interface MonitorOutputOptions {
  print(text: string): void;
  /** Without it, JSON is printed. */
  readonly text: TrafficText | undefined;
  readonly recording: Recording | undefined;
  /** Called at each connection. */
  greet(facts: PortFacts): void;
  /** The output can go on no more. */
  fail(error: unknown): void;
}

/** Prints and records what a port's traffic is, over several connections to its gateway. */
export class MonitorOutput implements TrafficListener {
  readonly #options: MonitorOutputOptions;
  #facts: { readonly port: string; readonly serial: LineSettings } = { port: '', serial: {} };
  #ring = '';
  /** The sequence of the newest entry that was shown of this ring. */
  #shown = 0;

  constructor(options: MonitorOutputOptions) {
    this.#options = options;
  }

  /** Of a ring that is told again only what is new is shown. */
  facts(facts: PortFacts): void {
    this.#facts = facts;
    if (facts.ring !== this.#ring) this.#shown = 0;
    this.#ring = facts.ring;
    this.#options.greet(facts);
  }

  entry(entry: TrafficEntry): void {
    if (entry.sequence <= this.#shown) return;
    this.#shown = entry.sequence;
    const { text, recording, print, fail } = this.#options;
    try {
      recording?.add(entry, this.#facts.port, this.#facts.serial);
      print(text ? text.of(entry).join('\n') : trafficJson(entry));
    } catch (error) {
      fail(error);
    }
  }
}
