// Structured logs: one JSON line an event. Strings are redacted, since messages of foreign errors may quote what they got.

const LEVELS = ["debug", "info", "warn", "error"] as const;
type LogLevel = (typeof LEVELS)[number];

const STRING_CHARACTERS_MAX = 2000;

export type LogFields = Record<string, string | number | boolean | null | undefined>;

export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A logger whose every line also has these fields. */
  with(fields: LogFields): Logger;
}

/** Writes lines of `LOG_LEVEL` (info, where it is not set) and above. `fields` are part of every line, a request id among them. */
export function createLogger(env: Pick<Env, "LOG_LEVEL">, fields: LogFields = {}): Logger {
  const lowest = Math.max(LEVELS.indexOf((env.LOG_LEVEL || "info") as LogLevel), 0);
  const write = (level: LogLevel, event: string, more: LogFields = {}) => {
    if (LEVELS.indexOf(level) < lowest) return;
    console[level](JSON.stringify({ at: new Date().toISOString(), level, event, ...redactAll({ ...fields, ...more }) }));
  };
  return {
    debug: (event, more) => write("debug", event, more),
    info: (event, more) => write("info", event, more),
    warn: (event, more) => write("warn", event, more),
    error: (event, more) => write("error", event, more),
    with: (more) => createLogger(env, { ...fields, ...more }),
  };
}

/** An error, with its chain of causes, as fields of a line. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: String(error) };
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    causes.push(`${cause.name}: ${cause.message}`);
  }
  return {
    error: `${error.name}: ${error.message}`,
    ...(causes.length > 0 ? { causes: causes.join(" < ") } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
  };
}

/** Text without the parts that may be secret: queries of addresses, bearer tokens, API tokens, JWTs. */
export function redact(text: string): string {
  return text
    .replace(/(https?:\/\/[^\s?#"'<>]+)[?#][^\s"'<>]*/gi, "$1?[redacted]")
    .replace(/\b(bearer)\s+[\w.~+/=-]+/gi, "$1 [redacted]")
    .replace(/\btdm_\w+/g, "[redacted]")
    .replace(/\beyJ[\w-]+\.[\w.-]+/g, "[redacted]")
    .slice(0, STRING_CHARACTERS_MAX);
}

function redactAll(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, typeof value === "string" ? redact(value) : value]));
}
