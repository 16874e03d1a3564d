import { describe, expect, it } from "vitest";
import { hashOfToken, isTokenOf, makeToken, tokenId } from "../../worker/auth/token.ts";
import { timeId } from "../../worker/ids.ts";
import { scopeOf } from "../../worker/scopes.ts";

describe("a token", () => {
  const id = timeId(Date.now());
  const token = makeToken(id);

  it("has its id in it, and is never made twice", () => {
    expect(tokenId(token)).toBe(id);
    expect(makeToken(id)).not.toBe(token);
  });

  it("with any one character changed is none", () => {
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === "5" ? "6" : "5";
      expect(tokenId(token.slice(0, at) + other + token.slice(at + 1)), `at ${at}`).toBeNull();
    }
  });

  it("is told from every other by its hash", () => {
    expect(isTokenOf(hashOfToken(token), token)).toBe(true);
    expect(isTokenOf(hashOfToken(token), makeToken(id))).toBe(false);
    expect(hashOfToken(token)).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("the scope of a request", () => {
  it.each([
    ["HEAD", "/items/x/content", "read"],
    ["POST", "/syncs/preview", "read"],
    ["POST", "/runs/x/discard", "run"],
    ["DELETE", "/syncs/run", "write"],
    ["POST", "/syncs/x/confirm-changes", "write"],
    ["POST", "/something/new", "write"],
    ["PATCH", "/admin/users/x", "admin"],
    ["GET", "/administration", "read"],
    ["GET", "/tokens", "read"],
    ["POST", "/tokens", "session"],
    ["POST", "/tokens/run", "session"],
    ["DELETE", "/tokens/x", "session"],
  ])("%s %s is %s", (method, path, scope) => {
    expect(scopeOf(method, path)).toBe(scope);
  });
});
