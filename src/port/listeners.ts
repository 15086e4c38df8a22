/** Functions that are told of one kind of thing, in the order in which they came. */
export class Listeners<Arguments extends unknown[]> {
  // Replaced, never changed: who adds or leaves during a call does not disturb it.
  #all: readonly ((...told: Arguments) => void)[] = [];

  /** Returns a function that ends the listening. */
  add(listener: (...told: Arguments) => void): () => void {
    const own = (...told: Arguments): void => listener(...told);
    this.#all = [...this.#all, own];
    return () => {
      this.#all = this.#all.filter((other) => other !== own);
    };
  }

  call(...told: Arguments): void {
    for (const listener of this.#all) listener(...told);
  }
}
