import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { ROOT } from "./local.ts";

// What JavaScript a browser loads before a page of the web app is there, of the build that lies in `web/`; `npm run first-load` tells it.

/** Of each page, compressed. */
export const FIRST_LOAD_KILOBYTES_MAX = 90;
const WEB = join(ROOT, "web");
const APP = ".svelte-kit/generated/build/client-optimized";
const CLIENT = join(WEB, ".svelte-kit/output/client");
/** The root's layout and its error page: they are loaded with every page. */
const ROOT_NODES = [0, 1];

interface Chunk {
  file: string;
  src?: string;
  isEntry?: boolean;
  imports?: string[];
}

/** A page's own node, those of the layouts around it, and those of their error pages. */
type Route = [page: number, layouts?: (number | null)[], errors?: (number | null)[]];

/** Kilobytes by the page's address. */
export function firstLoads(): Record<string, number> {
  const manifest = JSON.parse(readFileSync(join(CLIENT, ".vite/manifest.json"), "utf8")) as Record<string, Chunk>;
  const routes = routesOf();
  const entries = Object.keys(manifest).filter((key) => manifest[key]?.isEntry && !key.includes("/nodes/"));
  // What the entry waits for before it starts the app.
  const starting = Object.keys(manifest).filter((key) => key.endsWith("client-entry.js"));
  const sizes = new Map<string, number>();
  const sizeOf = (file: string): number => {
    const known = sizes.get(file) ?? gzipSync(readFileSync(join(CLIENT, file)), { level: 9 }).length;
    sizes.set(file, known);
    return known;
  };
  return Object.fromEntries(
    Object.entries(routes).map(([address, [page, layouts = [], errors = []]]) => {
      if (isWithoutApp(address)) return [address, 0];
      const nodes = [...ROOT_NODES, page, ...layouts, ...errors].map((node) => `${APP}/nodes/${node}.js`);
      const files = new Set<string>();
      for (const key of [...entries, ...starting, ...nodes]) addFiles(manifest, key, files);
      return [address, [...files].reduce((sum, file) => sum + sizeOf(file), 0) / 1000];
    }),
  );
}

/** Some public pages are read, and no more: the app does not start there. */
function isWithoutApp(address: string): boolean {
  const page = join(WEB, "build", address === "/" ? "index.html" : `${address}.html`);
  return existsSync(page) && !readFileSync(page, "utf8").includes("modulepreload");
}

function routesOf(): Record<string, Route> {
  // Only the table: the rest of the file imports what only a bundler finds.
  const [, table] = /export const dictionary = (\{[\s\S]*?\});/.exec(readFileSync(join(WEB, APP, "app.js"), "utf8")) ?? [];
  if (table === undefined) throw new Error(`${APP}/app.js has no table of pages. Was the web app built?`);
  return JSON.parse(table) as Record<string, Route>;
}

/** A chunk's file, and those of all that it cannot do without. */
function addFiles(manifest: Record<string, Chunk>, key: string, files: Set<string>): void {
  const chunk = manifest[key];
  if (chunk === undefined) throw new Error(`The build has no ${key}.`);
  if (!chunk.file.endsWith(".js") || files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const other of chunk.imports ?? []) addFiles(manifest, other, files);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [address, kilobytes] of Object.entries(firstLoads())) console.log(`${kilobytes.toFixed(1).padStart(6)} kB  ${address}`);
}
