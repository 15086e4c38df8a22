/** Something that sends what waits for one client. */
export interface Sender {
  /**
   * Sends at most so many.
   *
   * @returns how many it sent; less than asked for when nothing waits, or the client takes no more
   */
  send(most: number): number;
}

/** To one client in a row. */
const ROW = 32;
/** To all together, before everything else in the process has its turn. */
const TURN = 512;

/**
 * Sends to the clients in turn. However many there are and however much waits, instruments are read between two turns,
 * and a client that is owed much does not hold up one that is owed little.
 */
export class FanOut {
  readonly #ready = new Set<Sender>();
  #scheduled = false;

  add(sender: Sender): void {
    this.#ready.add(sender);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  remove(sender: Sender): void {
    this.#ready.delete(sender);
  }

  #turn(): void {
    this.#scheduled = false;
    let left = TURN;
    // A set is walked to those too that are added to its end meanwhile.
    for (const sender of this.#ready) {
      this.#ready.delete(sender);
      const sent = sender.send(ROW);
      if (sent === ROW) this.#ready.add(sender);
      left -= sent;
      if (left <= 0) break;
    }
    const [next] = this.#ready;
    if (next) this.add(next);
  }
}
