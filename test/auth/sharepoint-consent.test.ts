import { expect, it } from "vitest";
import type { Connection } from "../../worker/wire.ts";
import { Browser } from "./browser.ts";

// Reading sites is more than ordinary people of most organisations may allow.

it("who may not allow Sites.Read.All gets the link for an administrator, and is let in once one has agreed", async () => {
  const account = `consent-${Date.now()}@contoso.example`;
  const body = JSON.stringify({ name: "all-scopes-need-admin", match: { account } });
  await fetch("https://sandbox.test/_sandbox/faults", { method: "POST", body });
  const login = `/auth/microsoft/login?provider=sharepoint&login_hint=${account}`;
  const browser = new Browser();
  const { response } = await browser.visit(login);
  const page = await response.text();
  expect([response.status, page]).toEqual([403, expect.stringContaining("auth.admin_consent_required")]);
  const link = new URL(/href="(https:\/\/login\.microsoftonline\.com\/[^"]+)"/.exec(page)?.[1]?.replaceAll("&amp;", "&") ?? "");
  expect(link.pathname).toBe("/organizations/v2.0/adminconsent");
  expect(link.searchParams.get("scope")?.split(" ")).toContain("Sites.Read.All");
  expect(link.searchParams.get("scope")).not.toMatch(/Write|Files/);

  const administrator = await new Browser().visit(link.href);
  expect(await administrator.response.text()).toContain("Your organisation now allows Tidemark");
  expect((await browser.visit(login, (url) => url.pathname === "/app")).url.pathname).toBe("/app");
  const { items } = await (await browser.fetch("/api/v1/connections")).json<{ items: Connection[] }>();
  expect(items).toMatchObject([{ provider: "sharepoint", scopes: expect.arrayContaining(["Sites.Read.All"]) }]);
});
