/**
 * One piece of work after another, in the order they came. An object takes calls in while its alarm waits for D1 or the
 * source: what reads rows and writes what follows from them must not have others write in between.
 */
export class Lock {
  #last: Promise<unknown> = Promise.resolve();

  hold<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
