import adapter from "@sveltejs/adapter-static";
import { sveltekit } from "@sveltejs/kit/vite";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig, type Rolldown } from "vite";

const WORKER = "http://localhost:8787";

/** What every page of the app begins with. */
const SHELL = /\/web\/src\/routes\/(app\/)?\+(layout|error)\.svelte$/;
/** So many pages have a part before it is worth loading it with all of them. */
const PAGES_SHARING_MIN = 9;
/** Words for fewer pages than share a file lie in one with others, up to this size. */
const WORDS_BYTES_MIN = 2_000;

type Modules = Parameters<Extract<NonNullable<Rolldown.CodeSplittingGroup["name"]>, (...parameters: never[]) => unknown>>[1];

const reached = new Map<string, boolean>();

/** Whether the shell cannot do without a module. */
function inShell(id: string, modules: Modules): boolean {
  const known = reached.get(id);
  if (known !== undefined) return known;
  // Until it is found out: modules that import each other end here.
  reached.set(id, false);
  const is = SHELL.test(id) || (modules.getModuleInfo(id)?.importers ?? []).some((importer) => inShell(importer, modules));
  reached.set(id, is);
  return is;
}

export default defineConfig({
  plugins: [
    tailwindcss(),
    sveltekit({
      // The public pages are prerendered; every other address is the fallback page, which the Worker serves for deep links.
      adapter: adapter({ pages: "build", fallback: "fallback.html" }),
      csp: {
        mode: "hash",
        directives: {
          "default-src": ["none"],
          "script-src": ["self"],
          "style-src": ["self"],
          // Positions of floating parts and of list rows are computed, and so set on the element.
          "style-src-attr": ["unsafe-inline"],
          "img-src": ["self", "data:"],
          // Previews: each answer says itself what may become of it.
          "frame-src": ["self"],
          "media-src": ["self"],
          "font-src": ["self"],
          "connect-src": ["self"],
          "manifest-src": ["self"],
          "form-action": ["self"],
          "base-uri": ["none"],
        },
      },
      // Links to sign-in and to the app lead out of what is prerendered.
      prerender: { crawl: false, entries: ["/", "/app", "/goodbye", "/privacy", "/terms"] },
      compilerOptions: { runes: true },
    }),
  ],
  environments: {
    client: {
      build: {
        rolldownOptions: {
          output: {
            // A page is some twenty files instead of fifty: each costs a browser more than its bytes.
            codeSplitting: {
              groups: [
                // SvelteKit's entry gives its payload to what is loaded after it: that must not lie in one file with it.
                { name: "payload", test: /\/runtime\/client\/payload\.js|vite\/preload-helper/, priority: 3 },
                { name: "words", test: /messages\/en/, entriesAware: true, entriesAwareMergeThreshold: WORDS_BYTES_MIN, priority: 2 },
                { name: (id, modules) => (inShell(id, modules) ? "shell" : null), priority: 1 },
                { name: "parts", test: /web\/src\/lib\//, minShareCount: PAGES_SHARING_MIN },
              ],
            },
          },
        },
      },
    },
  },
  // For `vite dev` beside a running Worker: the API and sign-in are its own.
  server: {
    proxy: Object.fromEntries(["/api", "/auth", "/webhooks", "/mail", "/health"].map((path) => [path, { target: WORKER }])),
  },
});
