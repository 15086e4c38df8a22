import type { OwedAnswers } from './owed-answers.ts';
import { type Ear, Station, type StationTiming } from './station.ts';

/**
 * Whose turn it is. Of the stations that have something to ask and may ask it now, the one whose last turn was longest
 * ago comes first; one that has to wait holds up nobody.
 */
export class Turns {
  readonly #owed: OwedAnswers;
  readonly #spacingMs: number;
  /** Least pause between any two tries: the line's own, or a longer one that somebody's protocol asks for. */
  #pauseMs: number;
  /** Who had its turn longest ago comes first. */
  #stations: readonly Station[] = [];
  #count = 0;
  #current: Station | undefined;
  /** Monotonic, in ms. */
  #lastEndMs = Number.NEGATIVE_INFINITY;

  /** @param spacingMs least pause between any two tries, whatever the protocols */
  constructor(owed: OwedAnswers, spacingMs: number) {
    this.#owed = owed;
    this.#spacingMs = spacingMs;
    this.#pauseMs = spacingMs;
  }

  get stations(): readonly Station[] {
    return this.#stations;
  }

  get isShared(): boolean {
    return this.#stations.length > 1;
  }

  /** Whose turn it is, or was last: it hears the line. */
  get current(): Station | undefined {
    this.#current ??= this.#stations[0];
    return this.#current;
  }

  join(timing: StationTiming, ear: Ear): Station {
    const station = new Station(this.#count++, timing, ear);
    this.#setStations([...this.#stations, station]);
    return station;
  }

  leave(station: Station): void {
    station.heirsFrom = this.#count;
    this.#setStations(this.#stations.filter((other) => other !== station));
    if (this.#current === station) this.#current = undefined;
  }

  /** Whose turn is next, or how long until there is one, in ms; nothing when nobody has anything to ask. */
  next(nowMs: number): Station | number | undefined {
    let earliestMs = Number.POSITIVE_INFINITY;
    const isOwed = !this.#owed.isEmpty(nowMs);
    const isHeldUp = isOwed && this.isShared && this.#isHeldUp(nowMs);
    for (const station of this.#stations) {
      const [request] = station.queue;
      if (!request || (isHeldUp && station.failures > 0 && request.asking.accepts)) continue;
      const hasBegun = this.current?.ear.hasBegun(station === this.current) ?? false;
      const readyMs = Math.max(this.#readyMs(station), this.#owed.clearMs(station, request, hasBegun));
      if (readyMs <= nowMs) return station;
      earliestMs = Math.min(earliestMs, readyMs);
    }
    return earliestMs === Number.POSITIVE_INFINITY ? undefined : earliestMs - nowMs;
  }

  /** Gives the turn to a station. What has begun to arrive before its question is no answer to it. */
  pass(station: Station, nowMs: number): void {
    const reason = this.#owed.isEmpty(nowMs) ? 'stale' : 'late';
    if (this.#current !== station) this.#current?.ear.forget(reason, false);
    station.ear.forget(reason, true);
    this.#current = station;
    if (this.isShared) this.#stations = this.#orderAfter(station);
  }

  /** Those that do not answer share one place in the order, lest all their time limits come in a row. */
  #orderAfter(station: Station): readonly Station[] {
    const others = this.#stations.filter((other) => other !== station);
    if (station.failures === 0) return [...others, station];
    const isSilent = ({ failures }: Station): boolean => failures > 0;
    return [...others.filter((other) => !isSilent(other)), ...others.filter(isSilent), station];
  }

  ended(station: Station, nowMs: number): void {
    this.#lastEndMs = nowMs;
    station.lastEndMs = nowMs;
  }

  /** The port is open anew. */
  begin(): void {
    for (const station of this.#stations) station.begin();
  }

  #setStations(stations: readonly Station[]): void {
    this.#stations = stations;
    this.#pauseMs = Math.max(this.#spacingMs, ...stations.map(({ timing }) => timing.pauseMs));
  }

  #readyMs({ lastEndMs, timing, restUntilMs }: Station): number {
    const spacedMs = Math.max(this.#lastEndMs + this.#pauseMs, lastEndMs + timing.spacingMs);
    return this.isShared ? Math.max(spacedMs, restUntilMs) : spacedMs;
  }

  /** Somebody waits for all that is owed to others: who does not answer anyway is not to owe still more meanwhile. */
  #isHeldUp(nowMs: number): boolean {
    return this.#stations.some((station) => {
      const [request] = station.queue;
      return request && !request.asking.accepts && this.#owed.untilMs(station, request) > nowMs;
    });
  }
}
