/** Who wants to hear of something, in the order in which they asked. */
export class Listeners<Arguments extends readonly unknown[]> {
  // Replaced, never changed: who comes during a telling is told from the next one on.
  #all: readonly ((...values: Arguments) => void)[] = [];

  /** Returns a function that ends it, at once. The same function may be added several times. */
  add(listener: (...values: Arguments) => void): () => void {
    let ended = false;
    const own = (...values: Arguments): void => {
      if (!ended) listener(...values);
    };
    this.#all = [...this.#all, own];
    return () => {
      ended = true;
      this.#all = this.#all.filter((other) => other !== own);
    };
  }

  tell(...values: Arguments): void {
    for (const listener of this.#all) listener(...values);
  }
}
