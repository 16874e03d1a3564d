import adapter from "@sveltejs/adapter-static";
import { sveltekit } from "@sveltejs/kit/vite";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";

const WORKER = "http://localhost:8787";

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
      prerender: { crawl: false, entries: ["/", "/privacy", "/terms"] },
      compilerOptions: { runes: true },
    }),
  ],
  // For `vite dev` beside a running Worker: the API and sign-in are its own.
  server: {
    proxy: Object.fromEntries(["/api", "/auth", "/webhooks", "/mail", "/health"].map((path) => [path, { target: WORKER }])),
  },
});
