import "./scripts/servers/dovecot/certificates.ts";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BUNDLED } from "./test/support/bundled.ts";
import { LongFirst } from "./test/e2e/support/long-first.ts";
import { sandboxOutbound } from "./test/support/outbound.ts";
import { serverProblems } from "./test/support/servers/forward.ts";

const FILES_AT_ONCE_MIN = 4;

// What workerd trusts is settled when its plugin is loaded, and the tests' own authority is made before.
const { cloudflareTest, readD1Migrations } = await import("@cloudflare/vitest-plugin");

// Two projects: the product runs in workerd, what is made for Node (the sandbox, scripts, end to end) runs in Node, and so
// do decisions that are pure: a file of those starts ten times as fast there.
export default defineConfig(async () => ({
  test: {
    // Many files wait most of their time: for minutes of the clock, for retries, for a browser. So more of them run at once than there are processors.
    maxWorkers: Math.max(FILES_AT_ONCE_MIN, availableParallelism()),
    sequence: { sequencer: LongFirst },
    projects: [
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            main: "./test/support/worker.ts",
            remoteBindings: false,
            miniflare: {
              // A catalogue that only the migrations of earlier releases were applied to, for the test of the next one.
              d1Databases: ["EARLIER_DB"],
              bindings: {
                ORIGIN: "https://tidemark.example",
                LOG_LEVEL: "error",
                CI: process.env["CI"] ?? "",
                SERVER_PROBLEMS: JSON.stringify(serverProblems),
                MAIL_FROM: "Tidemark <tidemark@tidemark.example>",
                EVERY_BOUNDARY: process.env["EVERY_BOUNDARY"] ?? "",
                // As low as R2 allows: a large file is then one of a few MiB.
                LARGE_FILE_BYTES: String(6 * 1024 ** 2),
                PART_BYTES: String(5 * 1024 ** 2),
                ...(process.env["SOAK"] !== undefined && { SOAK: process.env["SOAK"] }),
                MICROSOFT_CLIENT_ID: "11111111-2222-4333-8444-555555555555",
                MICROSOFT_CLIENT_SECRET: "sandbox-secret",
                GOOGLE_CLIENT_ID: "123456789012-sandbox.apps.googleusercontent.com",
                GOOGLE_CLIENT_SECRET: "sandbox-secret",
                DROPBOX_CLIENT_ID: "dropbox-client",
                DROPBOX_CLIENT_SECRET: "sandbox-secret",
                ATLASSIAN_CLIENT_ID: "atlassian-client",
                ATLASSIAN_CLIENT_SECRET: "sandbox-secret",
                AUTODESK_CLIENT_ID: "autodesk-client",
                AUTODESK_CLIENT_SECRET: "sandbox-secret",
                MASTER_KEYS: "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                MIGRATIONS: await readD1Migrations("./migrations"),
              },
              outboundService: sandboxOutbound,
            },
          }),
        ],
        test: {
          name: "workerd",
          include: ["test/**/*.test.ts"],
          exclude: ["test/{sync,sandbox,scripts,web,cli,e2e}/**"],
          // A Worker is loaded once for many files, not by each anew, which would take longer than most files do; what was stored is deleted between them.
          isolate: false,
          setupFiles: ["test/support/setup.ts"],
          testTimeout: 120_000,
          deps: { optimizer: { ssr: { enabled: true, include: BUNDLED } } },
        },
      },
      {
        test: {
          name: "node",
          environment: "node",
          include: ["test/{sync,sandbox,scripts,web,cli}/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "e2e",
          environment: "node",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 180_000,
          globalSetup: "test/e2e/support/build.ts",
        },
      },
    ],
  },
}));
