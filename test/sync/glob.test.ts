import fc from "fast-check";
import picomatch from "picomatch/posix";
import { describe, expect, it } from "vitest";
import { globMatcher, globProblem } from "../../worker/sync/glob.ts";

const pieces = [
  "a",
  "b",
  "ab",
  ".",
  "*",
  "**",
  "?",
  "/",
  "**/",
  "/**",
  "[ab]",
  "[!a]",
  "{a,b*}",
  "{*a,*b/c}",
  "\\*",
  "!(a)",
  "+(a)",
  "@(a|*b)",
];
const glob = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 8 }).map((parts) => parts.join(""));
const path = fc.array(fc.constantFrom("a", "b", ".", "/", "c", "*"), { minLength: 1, maxLength: 12 }).map((parts) => parts.join(""));

describe("a glob", () => {
  it("matches what picomatch says that it does", () => {
    fc.assert(
      fc.property(glob, fc.array(path, { minLength: 20, maxLength: 20 }), (pattern, paths) => {
        fc.pre(globProblem(pattern) === null);
        const expected = picomatch(pattern.replace(/^\//, ""), { dot: true, nocase: true });
        const matches = globMatcher(pattern);
        for (const text of paths) expect([text, matches(text)]).toEqual([text, expected(text)]);
      }),
      { numRuns: 3_000 },
    );
  });

  // Matched by trying each way to share out the text, the first of these would take longer than the test may.
  it.each([
    ["*a".repeat(8) + "*b", "a".repeat(255)],
    ["*a*?*a*/".repeat(4) + "b", ("a".repeat(90) + "/").repeat(4)],
    ["**/*a*a*/**/*a*a*/b", "aaaaaaa/".repeat(50)],
    ["{*a*b,*c*d}x", "a".repeat(400)],
  ])("as %s is decided at once, whatever the name", (pattern, name) => {
    expect(globProblem(pattern)).toBeNull();
    expect(globMatcher(pattern)(name)).toBe(false);
  });

  it.each([
    "+(*a)b",
    "*(*a|*b)c",
    "**/a/**/a/**/a/**/x",
    "{*a,*b}{*a,*b}{*a,*b}{*a,*b}x",
    "+([a-z])+([a-z])+([a-z])+([a-z])1",
    "*[a]*[a]*[a]*b",
  ])("as %s, which a name could make endless, is refused", (pattern) => {
    expect(globProblem(pattern)).toContain("too long");
  });

  it.each([
    "*.{jpg,png,gif,tif,bmp}",
    "{*.jpg,*.png,*.gif,*.tif,*.bmp}",
    "**/{*cache*,*tmp*}/**",
    "*report*2025*final*v2*",
    "**/node_modules/**",
    "a/**/b/**/*.tmp",
  ])("as %s is taken", (pattern) => {
    expect(globProblem(pattern)).toBeNull();
  });

  it.each(["/", ""])("of nothing (“%s”) is refused in words", (pattern) => {
    expect(globProblem(pattern)).toContain("is not a glob");
  });
});
