import { escapeHtml } from "../html.ts";
import type { Account } from "../accounts.ts";

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f2f4f7, #14171c); color: light-dark(#1b1f24, #e8eaed); }
  main { width: min(26rem, 90vw); padding: 2rem; border-radius: 12px; background: light-dark(#fff, #1e2229); box-shadow: 0 2px 24px #0002; }
  h1 { font-size: 1.4rem; margin: 0 0 .25rem; } p { margin: .25rem 0 1rem; } small { color: light-dark(#5b6470, #9aa3ae); }
  a.account { display: block; padding: .75rem 1rem; margin: .5rem 0; border: 1px solid light-dark(#d5dae1, #373d47); border-radius: 8px; color: inherit; text-decoration: none; }
  a.account:hover, a.account:focus-visible { border-color: #2f7ad6; outline: none; }
  form { display: flex; gap: .5rem; margin: 1rem 0; } input, button { font: inherit; padding: .45rem .7rem; border-radius: 8px; border: 1px solid light-dark(#c4cad3, #454c57); background: transparent; color: inherit; }
  input { flex: 1; min-width: 0; } .problem { color: light-dark(#b3261e, #ff8a80); }
`;

export type Choice = {
  /** Who plays: "Microsoft". */
  vendor: string;
  accounts: readonly { account: Account; kind: string }[];
  /** What the client asked the authorize endpoint. */
  query: URLSearchParams;
  /** Where a chosen account goes: there `account` is one's name, or `declined` is set, and the query comes along. */
  action: string;
  /** A name that would do, in the empty field. */
  example: string;
  problem: string | undefined;
};

/** "Pick an account": each a link that signs in and consents at once, one more that declines. No script. */
export function accountsPage({ vendor, accounts, query, action, example, problem }: Choice): Response {
  const kept = new URLSearchParams(query);
  for (const name of ["prompt", "login_hint", "account", "declined"]) kept.delete(name);
  const link = (extra: Record<string, string>): string =>
    escapeHtml(`${action}?${new URLSearchParams([...kept, ...Object.entries(extra)])}`);
  const rows = accounts.map(
    ({ account, kind }) =>
      `<a class="account" href="${link({ account: account.name })}"><strong>${escapeHtml(account.displayName)}</strong><br><small>${escapeHtml(account.name)} · ${kind}</small></a>`,
  );
  const hidden = [...kept].map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`).join("");
  return page(
    200,
    "Pick an account",
    `<h1>Pick an account</h1><p>to let <code>${escapeHtml(query.get("client_id") ?? "")}</code> have: <small>${escapeHtml(query.get("scope") ?? "")}</small></p>
     ${problem === undefined ? "" : `<p class="problem" role="alert">${escapeHtml(problem)}</p>`}
     ${rows.join("\n")}
     <form action="${escapeHtml(action)}">${hidden}<input name="account" type="email" required placeholder="${escapeHtml(example)}" aria-label="Use another account"><button>Next</button></form>
     <a href="${link({ declined: "1" })}">Cancel</a>
     <p><small>This is the sandbox playing ${escapeHtml(vendor)}'s sign-in. No password is needed.</small></p>`,
  );
}

export function problemPage(title: string, heading: string, problem: string): Response {
  return page(400, title, `<h1>${escapeHtml(heading)}</h1><p class="problem">${escapeHtml(problem)}</p>`);
}

export function page(status: number, title: string, body: string): Response {
  const html = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><main>${body}</main></body></html>`;
  return new Response(html, { status, headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" } });
}
