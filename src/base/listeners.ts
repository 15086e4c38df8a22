/** Who wants to hear of something, in the order in which they asked. */
export class Listeners<Arguments extends readonly unknown[]> {
  readonly #listeners = new Set<(...values: Arguments) => void>();

  /** Returns a function that ends it. The same function may be added several times. */
  add(listener: (...values: Arguments) => void): () => void {
    const own = (...values: Arguments): void => listener(...values);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  tell(...values: Arguments): void {
    for (const listener of this.#listeners) listener(...values);
  }
}
