/** What went wrong, in words for the person at the terminal. The program ends with `exitCode`. */
export class Failure extends Error {
  override readonly name: string = "Failure";
  readonly exitCode: number = 1;
  /** For programs: `area.reason`, as the API's. */
  readonly code: string;

  constructor(message: string, options?: ErrorOptions & { code?: string }) {
    super(message, options);
    this.code = options?.code ?? "cli.failed";
  }
}

/** The command was not called as it can be. */
export class UsageError extends Failure {
  override readonly name = "UsageError";
  override readonly exitCode = 2;

  constructor(message: string) {
    super(message, { code: "cli.usage" });
  }
}
