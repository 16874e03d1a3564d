import { describe, expect, it } from "vitest";
import { maySignUp } from "../../worker/auth/admission.ts";
import { cookieSettings } from "../../worker/auth/cookies.ts";
import { assertKeyIssuer, expectedIssuer, issuerForToken, toPerson } from "../../worker/auth/authorities/microsoft-token.ts";
import { SignInProblem } from "../../worker/auth/problem.ts";
import { safeReturnTo } from "../../worker/auth/return-to.ts";

const TENANT = "5f0c1e62-7a3b-4d0e-9c55-0d6a1b7e4c21";
const CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad";
const OID = "690222be-ff1a-4d56-abd1-7e4f7d38e474";
const LOGIN = "https://login.microsoftonline.com";

describe("where a sign-in returns to", () => {
  it.each([
    ["/app/syncs?x=1#y", "/app/syncs?x=1#y"],
    [undefined, "/app"],
    ["https://evil.example/", "/app"],
    ["//evil.example/", "/app"],
    ["/\\evil.example", "/app"],
    ["/%09/evil.example", "/%09/evil.example"],
    ["/\t/evil.example", "/app"],
    ["/x/..//evil.example", "/app"],
    ["/auth/microsoft/login", "/app"],
    ["app", "/app"],
    ["/" + "x".repeat(600), "/app"],
  ])("for %j is %s", (asked, path) => {
    expect(safeReturnTo("https://tidemark.example", asked)).toBe(path);
  });
});

describe("who may sign up", () => {
  const person = { tenantId: TENANT, verifiedEmail: "a@contoso.example" };
  it.each([
    ["anybody, where no list is set", {}, person, true],
    ["the tenants on the list", { ALLOWED_TENANTS: `x, ${TENANT.toUpperCase()}` }, person, true],
    ["no other tenant", { ALLOWED_TENANTS: CONSUMERS }, person, false],
    ["verified addresses of the domains on the list", { ALLOWED_EMAIL_DOMAINS: "contoso.example" }, person, true],
    ["no other domain, also not one that ends alike", { ALLOWED_EMAIL_DOMAINS: "oso.example" }, person, false],
    ["nobody by an address that is not verified", { ALLOWED_EMAIL_DOMAINS: "contoso.example" }, { ...person, verifiedEmail: null }, false],
    [
      "only who is on both lists, where both are set",
      { ALLOWED_TENANTS: CONSUMERS, ALLOWED_EMAIL_DOMAINS: "contoso.example" },
      person,
      false,
    ],
  ])("is %s", (_, lists, who, allowed) => {
    expect(maySignUp({ ALLOWED_TENANTS: "", ALLOWED_EMAIL_DOMAINS: "", ...lists }, who)).toBe(allowed);
  });
});

describe("an id token's person", () => {
  const claims = { iss: `${LOGIN}/${TENANT}/v2.0`, sub: "s", tid: TENANT, oid: OID, ver: "2.0", aud: "a", iat: 1, exp: 2 };

  it("is known by issuer and subject; the account at Microsoft by tenant and object id", () => {
    expect(toPerson({ ...claims, name: "Abe", preferred_username: "abe@contoso.example" })).toEqual({
      identity: { issuer: claims.iss, subject: "s" },
      tenantId: TENANT,
      accountId: `${TENANT}.${OID}`,
      name: "Abe",
      email: "abe@contoso.example",
      verifiedEmail: null,
    });
  });

  it.each([[true], [1], ["1"], ["true"]])("has a verified address where its domain's owner confirmed it (%j)", (xms_edov) => {
    expect(toPerson({ ...claims, email: "a@contoso.example", xms_edov }).verifiedEmail).toBe("a@contoso.example");
  });

  it.each([[false], [0], ["0"], [undefined]])("has none otherwise (%j)", (xms_edov) => {
    expect(toPerson({ ...claims, email: "a@contoso.example", ...(xms_edov === undefined ? {} : { xms_edov }) }).verifiedEmail).toBeNull();
  });

  it.each(["oid", "tid", "ver"])("is refused without %s", (claim) => {
    expect(() => toPerson({ ...claims, [claim]: undefined } as never)).toThrow(SignInProblem);
  });

  it("is refused in a token of version 1", () => {
    expect(() => toPerson({ ...claims, ver: "1.0" })).toThrow(SignInProblem);
  });
});

describe("the issuer", () => {
  it.each([
    ["common", `${LOGIN}/{tenantid}/v2.0`],
    ["organizations", `${LOGIN}/{tenantid}/v2.0`],
    ["consumers", `${LOGIN}/${CONSUMERS}/v2.0`],
    [TENANT, `${LOGIN}/${TENANT}/v2.0`],
  ])("of the setting %s is %s", (tenant, issuer) => {
    expect(expectedIssuer(LOGIN, tenant)).toBe(issuer);
  });

  it("of a token is the template with its tenant, which must be an id", () => {
    const token = (tid: unknown) => `${btoa("{}")}.${btoa(JSON.stringify({ tid }))}.x`;
    expect(issuerForToken(`${LOGIN}/{tenantid}/v2.0`, token(TENANT))).toBe(`${LOGIN}/${TENANT}/v2.0`);
    expect(() => issuerForToken(`${LOGIN}/{tenantid}/v2.0`, token("../evil"))).toThrow(SignInProblem);
    expect(() => issuerForToken(`${LOGIN}/{tenantid}/v2.0`, undefined)).toThrow(SignInProblem);
  });

  it("must be one that the signing key is for", () => {
    const token = `${btoa(JSON.stringify({ alg: "RS256", kid: "k" })).replaceAll("=", "")}.e30.x`;
    const keys = (issuer: string | undefined) => ({
      jwks: { keys: [{ kty: "RSA", kid: "k", ...(issuer === undefined ? {} : { issuer }) }] },
      uat: 0,
    });
    const work = `${LOGIN}/${TENANT}/v2.0`;
    const person = { identity: { issuer: work, subject: "s" }, tenantId: TENANT };
    expect(() => assertKeyIssuer(token, person, keys(`${LOGIN}/{tenantid}/v2.0`))).not.toThrow();
    expect(() => assertKeyIssuer(token, person, keys(`${LOGIN}/${CONSUMERS}/v2.0`))).toThrow(SignInProblem);
    expect(() => assertKeyIssuer(token, person, keys(undefined))).toThrow(SignInProblem);
  });
});

describe("cookies", () => {
  it.each([
    ["https://tidemark.example", "", "__Host-x", true],
    ["https://tidemark.example", "true", "__Host-x", true],
    ["http://localhost:8787", "", "__Host-x", true],
    ["http://localhost:8787", "true", "x", false],
    ["http://localhost.evil.example", "true", "__Host-x", true],
  ])("of %s with INSECURE_COOKIES=%j are named %s", (ORIGIN, INSECURE_COOKIES, name, secure) => {
    expect(cookieSettings({ ORIGIN, INSECURE_COOKIES }, "x")).toMatchObject({
      name,
      options: { secure, httpOnly: true, sameSite: "Lax", path: "/" },
    });
  });
});
