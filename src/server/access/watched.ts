import type { Clock, Timer } from '../../base/index.ts';
import type { Principal } from './principal.ts';

/** A token may be revoked, or run out, without anybody telling: so often it is looked at. */
const LOOK_MS = 250;

interface Entry {
  principal: Principal;
  readonly told: (principal: Principal | undefined) => void;
}

/** Who is connected for longer than one request, and has to hear when what he may do has changed. */
export class Watched {
  readonly #clock: Clock;
  readonly #current: (principal: Principal) => Principal | undefined;
  readonly #before: () => Promise<void>;
  readonly #entries = new Set<Entry>();
  #timer: Timer | undefined;

  /** @param before what a look waits for; where it rejects, the look is at what was known before */
  constructor(clock: Clock, current: (principal: Principal) => Principal | undefined, before: () => Promise<void>) {
    this.#clock = clock;
    this.#current = current;
    this.#before = before;
  }

  add(principal: Principal, told: Entry['told']): () => void {
    const entry = { principal, told };
    this.#entries.add(entry);
    this.#timer ??= this.#clock.setTimer(() => void this.#tick(), LOOK_MS);
    return () => {
      this.#entries.delete(entry);
      if (this.#entries.size === 0) this.#stop();
    };
  }

  /** Tells everybody for whom something has changed. */
  look(): void {
    for (const entry of [...this.#entries]) {
      const now = this.#current(entry.principal);
      if (now === entry.principal) continue;
      if (now) entry.principal = now;
      else this.#entries.delete(entry);
      entry.told(now);
    }
    if (this.#entries.size === 0) this.#stop();
  }

  async #tick(): Promise<void> {
    this.#timer = undefined;
    await this.#before().catch(() => {});
    this.look();
    if (this.#entries.size > 0) this.#timer ??= this.#clock.setTimer(() => void this.#tick(), LOOK_MS);
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
