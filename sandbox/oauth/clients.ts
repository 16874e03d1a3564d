import { escapeHtml } from "../html.ts";

/** Every client's, at every vendor. */
export const CLIENT_SECRET = "sandbox-secret";

const REDIRECT_URI = /^(http:\/\/(localhost|127\.0\.0\.1)(:\d+)?(\/|$)|https:\/\/tidemark\.example(\/|$))/;

/** Whether a client may be returned to at this address, as if it were registered with the vendor. */
export const isRedirectUri = (uri: string): boolean => REDIRECT_URI.test(uri) && URL.canParse(uri);

/** What a client says of itself, in the form or by Basic authentication; the form prevails. */
export function clientCredentials(form: URLSearchParams, headers: Headers): { id: string | undefined; secret: string | undefined } {
  const basic = /^Basic (.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  const [id, secret] = basic === undefined ? [] : Buffer.from(basic, "base64").toString().split(":").map(formDecode);
  return { id: form.get("client_id") ?? id, secret: form.get("client_secret") ?? secret };
}

/** Sends the browser back to the client. `mode`: how the fields travel; null ones do not. */
export function backToClient(redirectUri: string, fields: Record<string, string | null>, mode = "query"): Response {
  const target = new URL(redirectUri);
  const given = Object.entries(fields).filter((field): field is [string, string] => field[1] !== null);
  if (mode === "form_post") {
    const inputs = given.map(([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`).join("");
    const page = `<!DOCTYPE html><title>Working…</title><form method="post" action="${escapeHtml(target.href)}">${inputs}<noscript><button>Continue</button></noscript></form><script>document.forms[0].submit()</script>`;
    return new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" } });
  }
  if (mode === "fragment") target.hash = new URLSearchParams(given).toString();
  else for (const [name, value] of given) target.searchParams.set(name, value);
  return new Response(null, { status: 302, headers: { Location: target.href, "Cache-Control": "no-store, no-cache" } });
}

const formDecode = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));
