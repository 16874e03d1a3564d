/** What is used of it: the Worker is not checked with all of Node's types, most of which are not there. */
declare module "node:stream" {
  export class Writable {
    destroy(error?: Error): this;
  }
  export class Duplex extends Writable {
    constructor(options?: { allowHalfOpen?: boolean });
    push(chunk: Uint8Array | string | null): boolean;
    pipe(to: Writable): void;
    _read(): void;
    _write(chunk: Uint8Array, encoding: string, done: (error?: Error | null) => void): void;
    _final(done: (error?: Error | null) => void): void;
    _destroy(error: Error | null, done: (error?: Error | null) => void): void;
  }
}
