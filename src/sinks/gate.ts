/** Where several loops wait until there may be something to do. */
export class Gate {
  #waiting: (() => void)[] = [];

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Lets go all who wait. */
  open(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}
