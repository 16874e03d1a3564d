import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { z } from "zod";
import { PAGE_STYLE } from "../../page-style.ts";
import { scopeOf } from "../../scopes.ts";
import type { Operation } from "../operations.ts";
import { NAMED_SHAPES, OPERATIONS } from "../operations.ts";
import type { FieldRow, Schema, Word } from "./schema-words.ts";
import { exampleOf, fieldRows } from "./schema-words.ts";
import { REFERENCE_STYLE } from "./style.ts";

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** What a resource is called where its path does not say it well. */
const TITLES: Readonly<Record<string, string>> = { me: "You", events: "Live updates", admin: "Administration" };

/** The API for people: each route with what goes in, what comes out, and how to call it. Loads nothing. */
export function referencePage(nonce: string, origin: string, base: string): Html {
  const named = new Map(Object.entries(NAMED_SHAPES).map(([name, shape]) => [JSON.stringify(schemaOf(shape, "output")), name]));
  const shapeOf = (schema: Schema) => named.get(JSON.stringify(schema));
  const resources = Map.groupBy(OPERATIONS, ({ path }) => path.split("/")[1] ?? "");
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>API – Tidemark</title>
        <style nonce="${nonce}">
          ${raw(PAGE_STYLE + REFERENCE_STYLE)}
        </style>
      </head>
      <body>
        <div class="shell">
          <nav aria-label="Contents">
            <details open>
              <summary>Contents</summary>
              ${[...resources].map(([resource, operations]) => navigation(titleOf(resource), operations))}
              <h2>Shapes</h2>
              <ul>
                ${Object.keys(NAMED_SHAPES).map((name) => html`<li><a href="#${name}">${name}</a></li>`)}
              </ul>
            </details>
          </nav>
          <main class="reference">
            ${introduction(base)}
            ${[...resources].map(
              ([resource, operations]) =>
                html`<section class="resource" aria-labelledby="resource-${resource}">
                  <h2 id="resource-${resource}">${titleOf(resource)}</h2>
                  ${operations.map((operation) => article(operation, { base, origin, shapeOf }))}
                </section>`,
            )}
            <section class="resource" aria-labelledby="shapes">
              <h2 id="shapes">Shapes</h2>
              ${Object.entries(NAMED_SHAPES).map(([name, shape]) => {
                const rows = fieldRows(schemaOf(shape, "output"), shapeOf);
                return html`<article id="${name}">
                  <h3><a href="#${name}">${name}</a></h3>
                  ${table(`Fields of ${name}`, rows)}
                </article>`;
              })}
            </section>
          </main>
        </div>
      </body>
    </html>`;
}

function introduction(base: string): Html {
  return html`<header>
    <h1>Tidemark's API</h1>
    <p>
      JSON over HTTPS, below <code>${base}</code>. A program shows an API token, <code>Authorization: Bearer tdm_…</code>, that has the
      scope named at each route; the web app uses its session's cookie.
    </p>
    <p>
      Lists take <code>limit</code> (at most 1,000) and <code>cursor</code>, and answer <code>items</code> and the next <code>cursor</code>,
      null at the end. Everything that goes wrong is an <a href="#Error">Error</a>; another user's ids answer 404.
    </p>
    <p>The same for programs: <a href="/api/openapi.json">openapi.json</a>, OpenAPI 3.1.</p>
  </header>`;
}

function navigation(title: string, operations: readonly Operation[]): Html {
  return html`<h2>${title}</h2>
    <ul>
      ${operations.map(
        ({ method, path }) =>
          html`<li>
            <a href="#${anchorOf(method, path)}"><span class="method ${method}">${method.toUpperCase()}</span>${path}</a>
          </li>`,
      )}
    </ul>`;
}

interface Context {
  base: string;
  origin: string;
  shapeOf: (schema: Schema) => string | undefined;
}

function article(operation: Operation, context: Context): Html {
  const { method, path, summary, query, body } = operation;
  const scope = scopeOf(method, path);
  const anchor = anchorOf(method, path);
  const bodyRows = body === undefined ? [] : fieldRows(schemaOf(body, "input"), context.shapeOf);
  return html`<article id="${anchor}">
    <h3>
      <span class="method ${method}">${method.toUpperCase()}</span><a href="#${anchor}"><code>${context.base}${path}</code></a>
      <span class="scope">${scope === "session" ? "for a browser only" : html`scope <code>${scope}</code>`}</span>
    </h3>
    <p>${summary}.</p>
    ${
      query === undefined
        ? ""
        : html`<h4>Query</h4>
            ${table(`Query of ${method} ${path}`, fieldRows(schemaOf(query, "input"), context.shapeOf))}`
    }
    ${
      body === undefined
        ? ""
        : html`<h4>Body</h4>
            ${table(`Body of ${method} ${path}`, bodyRows)}`
    }
    <h4>Answer</h4>
    ${answer(operation, context)}
    ${
      scope === "session"
        ? ""
        : html`<h4>Example</h4>
            <pre tabindex="0"><code>${curl(operation, context)}</code></pre>`
    }
  </article>`;
}

function answer({ status = 200, also = {}, answer, method, path }: Operation, { shapeOf }: Context): Html {
  const others = Object.entries(also).map(([code, meaning]) => html`<p><code>${code}</code> ${meaning}.</p>`);
  return html`<p><code>${status}</code> ${whatIs(answer)}</p>
    ${others}
    ${answer && "schema" in answer ? table(`Answer of ${method} ${path}`, fieldRows(schemaOf(answer.schema, "output"), shapeOf)) : ""}`;
}

function whatIs(answer: Operation["answer"]): Html {
  if (answer === null) return html`without a body`;
  if ("mediaType" in answer) return html`<code>${answer.mediaType}</code>`;
  if ("shape" in answer) return html`<a href="#${answer.shape}">${answer.shape}</a>`;
  if ("listOf" in answer) return html`list of <a href="#${answer.listOf}">${answer.listOf}</a>`;
  return html`JSON`;
}

function table(caption: string, rows: readonly FieldRow[]): Html {
  if (rows.length === 0) return html`<p>Nothing.</p>`;
  return html`<div class="table" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Type</th>
          <th scope="col"><span class="hidden">Limits</span></th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ path, required, type, notes }) =>
            html`<tr>
              <th scope="row"><code>${path}</code>${required ? "" : html` <span class="required">optional</span>`}</th>
              <td>${type.map(word)}</td>
              <td class="notes">${notes}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function word(part: Word): Html {
  if ("shape" in part) return html`<a href="#${part.shape}">${part.shape}</a>`;
  return "value" in part ? html`<code>${part.value}</code>` : html`${part.text}`;
}

/** A call that can be pasted, once the token and what is in braces are filled in. */
function curl({ method, path, body, answer }: Operation, { base, origin }: Context): string {
  const media = answer && "mediaType" in answer ? answer.mediaType : null;
  const example = body === undefined ? undefined : JSON.stringify(exampleOf(schemaOf(body, "input")));
  const parts = [
    "curl",
    ...(media === "text/event-stream" ? ["--no-buffer"] : []),
    ...(media === "application/octet-stream" ? ["--remote-header-name --remote-name"] : []),
    ...(method === "get" ? [] : [`--request ${method.toUpperCase()}`]),
    '--header "Authorization: Bearer $TOKEN"',
    ...(example === undefined || example === "{}" ? [] : [`--json '${example.replaceAll("'", "'\\''")}'`]),
    `'${origin}${base}${path}'`,
  ];
  return parts.join(" \\\n  ").replace("curl \\\n  ", "curl ");
}

function titleOf(resource: string): string {
  return TITLES[resource] ?? resource.charAt(0).toUpperCase() + resource.slice(1).replaceAll("-", " ");
}

function anchorOf(method: string, path: string): string {
  return `${method}${path.replaceAll(/[{}]/g, "").replaceAll("/", "-")}`;
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Schema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest as Schema;
}
