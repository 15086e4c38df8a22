import type { Clock, Timer } from '../../base/index.ts';
import type { Announcement } from './announcement.ts';
import type { FanOut, Sender } from './fan-out.ts';
import type { Line } from './line.ts';
import { Outbox } from './outbox.ts';
import { everything, type Subscription } from './subscription.ts';

/** Tells one client what it wants to know, as fast as it reads and no faster than it wants. */
export class LiveClient implements Sender {
  readonly #line: Line;
  readonly #fanOut: FanOut;
  readonly #clock: Clock;
  #subscription = everything;
  #outbox = new Outbox(false);
  #merged = 0;
  #ended = false;
  /** Of a client that wants to be told seldom: how many of those that wait have their turn now. */
  #due = 0;
  #lastTurn = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(line: Line, fanOut: FanOut, clock: Clock) {
    this.#line = line;
    this.#fanOut = fanOut;
    this.#clock = clock;
  }

  /** Changes that it was spared, since it was behind or wanted to be told seldom. */
  get merged(): number {
    return this.#merged + this.#outbox.merged;
  }

  get waiting(): number {
    return this.#outbox.size;
  }

  /** From now on this and nothing else; what still waits is told if it is wanted. */
  subscribe(subscription: Subscription): void {
    const before = this.#outbox;
    this.#merged += before.merged;
    this.#subscription = subscription;
    this.#outbox = new Outbox(subscription.intervalMs > 0);
    this.#due = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (let left = before.take(); left; left = before.take()) this.announce(left);
  }

  announce(announcement: Announcement): void {
    if (this.#ended || !wants(this.#subscription, announcement)) return;
    this.#outbox.put(announcement);
    this.resume();
  }

  /** The line has room again, or something new waits. */
  resume(): void {
    if (this.#ended || this.#outbox.size === 0) return;
    if (this.#subscription.intervalMs === 0 || this.#due > 0) this.#fanOut.add(this);
    else this.#pace();
  }

  send(most: number): number {
    const paced = this.#subscription.intervalMs > 0;
    let sent = 0;
    while (sent < most && !this.#ended && this.#line.hasRoom && !(paced && this.#due === 0)) {
      const announcement = this.#take();
      if (!announcement) break;
      const text = announcement.text();
      if (text === undefined) continue;
      this.#line.write(text);
      sent++;
    }
    if (paced && this.#due === 0) this.resume();
    return sent;
  }

  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#fanOut.remove(this);
  }

  #take(): Announcement | undefined {
    if (this.#due > 0) this.#due--;
    return this.#outbox.take();
  }

  /** Waits for the next turn; then all that waits at that moment is told, each path once. */
  #pace(): void {
    if (this.#timer) return;
    const wait = this.#lastTurn + this.#subscription.intervalMs - this.#clock.monotonic();
    this.#timer = this.#clock.setTimer(
      () => {
        this.#timer = undefined;
        this.#lastTurn = this.#clock.monotonic();
        this.#due = this.#outbox.size;
        this.resume();
      },
      Math.max(0, wait),
    );
  }
}

function wants({ prefixes }: Subscription, { within }: Announcement): boolean {
  return prefixes === null || within === null || within.some((path) => prefixes.has(path));
}
