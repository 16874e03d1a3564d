import { afterEach, describe, expect, it, vi } from "vitest";
import { createLogger, errorFields, redact } from "../../worker/log.ts";

afterEach(() => vi.restoreAllMocks());

describe("a log line", () => {
  it("is one JSON object with level, event and every field that its logger was given", () => {
    const write = vi.spyOn(console, "info").mockReturnValue();
    createLogger({ LOG_LEVEL: "info" }, { requestId: "r1" }).with({ userId: "u1" }).info("run.started", { runId: "x" });
    expect(JSON.parse(String(write.mock.calls[0]?.[0]))).toMatchObject({
      level: "info",
      event: "run.started",
      requestId: "r1",
      userId: "u1",
      runId: "x",
    });
  });

  it("below LOG_LEVEL is not written", () => {
    const write = vi.spyOn(console, "info").mockReturnValue();
    createLogger({ LOG_LEVEL: "warn" }).info("run.started");
    expect(write).not.toHaveBeenCalled();
  });

  it.each([
    ["GET https://x.example/file?tempauth=abc failed", "GET https://x.example/file?[redacted] failed"],
    ["Authorization: Bearer abc.def-ghi", "Authorization: Bearer [redacted]"],
    ["no such token: tdm_0mabc2345", "no such token: [redacted]"],
    ["token eyJhbGciOi.eyJzdWIi.c2ln here", "token [redacted] here"],
  ])("has no secret in it: %j", (text, clean) => {
    expect(redact(text)).toBe(clean);
  });

  it("names an error and its causes", () => {
    const error = new Error("outer", { cause: new TypeError("inner") });
    expect(errorFields(error)).toMatchObject({ error: "Error: outer", causes: "TypeError: inner" });
  });
});
