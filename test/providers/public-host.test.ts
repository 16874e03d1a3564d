import { describe, expect, it } from "vitest";
import { expectPublicHost, publicUrl } from "../../worker/providers/public-host.ts";

const ORIGIN = "https://tidemark.example";

describe("a host that a person typed", () => {
  it.each([
    "localhost",
    "cloud",
    "nas.local",
    "db.internal",
    "router.lan",
    "a.localhost",
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "[::1]",
    "::1",
    "[::]",
    "[fe80::1]",
    "[fd00::1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::a00:1]",
    "[2002:a00:1::]",
    "[2001:0:1::]",
    "tidemark.example",
    "TIDEMARK.example.",
  ])("is refused where it is private or our own: %s", (host) => {
    expect(() => expectPublicHost(host, ORIGIN)).toThrow(expect.objectContaining({ kind: "unsupported" }));
  });

  it.each(["cloud.example.com", "example.com.", "8.8.8.8", "172.32.0.1", "[2606:4700::1111]", "[::ffff:8.8.8.8]", "xn--bcher-kva.example"])(
    "is let through where it is public: %s",
    (host) => {
      expect(() => expectPublicHost(host, ORIGIN)).not.toThrow();
    },
  );

  it("may be any in development", () => {
    expect(publicUrl("http://localhost:8080/dav", "http://localhost:8787").href).toBe("http://localhost:8080/dav");
  });
});

describe("an address that a person typed", () => {
  it("needs no scheme, and then means https", () => {
    expect(publicUrl("cloud.example.com/remote.php", ORIGIN).href).toBe("https://cloud.example.com/remote.php");
  });

  it.each([
    "http://cloud.example.com",
    "ftp://cloud.example.com",
    "https://me:secret@cloud.example.com",
    "https://",
    "https://10.0.0.1/dav",
  ])("is refused: %s", (text) => {
    expect(() => publicUrl(text, ORIGIN)).toThrow(expect.objectContaining({ kind: "unsupported" }));
  });
});
