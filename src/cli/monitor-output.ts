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
  #shownUntil = Number.NEGATIVE_INFINITY;
  #newest = Number.NEGATIVE_INFINITY;

  constructor(options: MonitorOutputOptions) {
    this.#options = options;
  }

  /** A ring that is told again has been shown up to here. */
  facts(facts: PortFacts): void {
    this.#facts = facts;
    this.#shownUntil = this.#newest;
    this.#options.greet(facts);
  }

  entry(entry: TrafficEntry): void {
    if (entry.at <= this.#shownUntil) return;
    this.#newest = entry.at;
    const { text, recording, print, fail } = this.#options;
    try {
      recording?.add(entry, this.#facts.port, this.#facts.serial);
      print(text ? text.of(entry).join('\n') : trafficJson(entry));
    } catch (error) {
      fail(error);
    }
  }
}
