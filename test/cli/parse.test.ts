import { describe, expect, it } from "vitest";
import { parseFile } from "../../cli/file/parse.ts";
import { fileJsonSchema } from "../../cli/file/schema.ts";

const HEAD = `version: 1
connections:
  work: { provider: onedrive, account: alice@contoso.example }
syncs:
  documents:
    connection: work
`;

function problems(text: string): string[] {
  try {
    parseFile(text, "tidemark.yaml");
  } catch (error) {
    return (error as Error).message.split("\n");
  }
  return [];
}

describe("a file", () => {
  it("that says little is completed by what goes without saying", () => {
    const { file } = parseFile(HEAD, "tidemark.yaml");
    expect(file.syncs["documents"]).toMatchObject({
      mode: "content",
      schedule: { kind: "interval", minutes: 60 },
      selection: [],
      filters: {},
      options: {},
      labels: {},
    });
  });

  it("takes everything that a sync can be told", () => {
    const { file } = parseFile(
      `${HEAD}    name: My documents
    mode: metadata
    selection:
      - { path: /Documents, mode: include }
      - { path: /Documents/Old, mode: exclude }
    filters: { types: [.PDF, docx], exclude: ["~$*"], maxBytes: 1000, modifiedAfter: 2026-01-01T00:00:00Z }
    schedule: { kind: cron, cron: "0 3 * * *", timeZone: Europe/Berlin }
    options: { deleteRemoved: false, retentionDays: 90, removalLimit: { count: 10 }, sentinel: /Documents/here.txt }
    labels: { team: legal }
`,
      "tidemark.yaml",
    );
    expect(file.syncs["documents"]).toMatchObject({ filters: { types: ["pdf", "docx"] }, options: { removalLimit: { count: 10 } } });
  });

  it.each<[what: string, text: string, said: string]>([
    ["an unknown field", `${HEAD}    colour: red\n`, "tidemark.yaml:7:5: syncs.documents.colour: is not known here"],
    [
      "an unknown field below",
      `${HEAD}    filters:\n      kinds: [pdf]\n`,
      "tidemark.yaml:8:7: syncs.documents.filters.kinds: is not known here",
    ],
    [
      "a value that cannot be",
      `${HEAD}    schedule: { kind: interval, minutes: 1 }\n`,
      "tidemark.yaml:7:33: syncs.documents.schedule.minutes: ",
    ],
    ["a list's third entry", `${HEAD}    filters:\n      include:\n        - a\n        - b\n        - "["\n`, "tidemark.yaml:11:11: "],
    ["a field that is missing", "version: 1\nsyncs:\n  a:\n    mode: content\n", "tidemark.yaml:3:3: syncs.a.connection: "],
    ["another version", "version: 2\n", "tidemark.yaml:1:1: version: "],
    [
      "a connection that is not there",
      HEAD.replace("connection: work", "connection: home"),
      "tidemark.yaml:6:5: syncs.documents.connection: there is no “home”",
    ],
    [
      "our own label",
      `${HEAD}    labels: { tidemark.dev/name: x }\n`,
      "tidemark.yaml:7:5: syncs.documents.labels: tidemark.dev/name is set",
    ],
    ["a name that is none", "version: 1\nsyncs:\n  a/b: { connection: c }\n", "tidemark.yaml:3:3: syncs.a/b: a name of letters"],
    [
      "the same key twice",
      "version: 1\nsyncs:\n  a: { connection: c }\n  a: { connection: c }\n",
      "tidemark.yaml:4:3: Map keys must be unique",
    ],
    ["what is no YAML", "version: 1\nsyncs: { a: b: c }\n", "tidemark.yaml:2:13: "],
    ["an alias to nothing", "version: *one\n", "tidemark.yaml: its aliases lead"],
    ["nothing", "", "tidemark.yaml:1:1: "],
    [
      "a connection with no account",
      "version: 1\nconnections:\n  a: { provider: onedrive }\n",
      "tidemark.yaml:3:3: connections.a: an account or a label",
    ],
    ["an id and more", "version: 1\nconnections:\n  a: { id: x, label: y }\n", "tidemark.yaml:3:3: connections.a: an id says it all"],
  ])("with %s is refused, with the line", (_, text, said) => {
    const [first = ""] = problems(text);
    expect(first.slice(0, said.length)).toBe(said);
  });

  it("tells all its problems at once", () => {
    expect(problems(`${HEAD}    mode: both\n    colour: red\n`)).toHaveLength(2);
  });
});

describe("a connection that is made from a form", () => {
  const form = (fields: string) =>
    `version: 1\nconnections:\n  mail:\n    provider: imap\n    method: password\n    fields:\n      host: imap.example.com\n      ${fields}\n`;

  it.each([
    "password: { env: IMAP_PASSWORD }",
    "apiToken: { file: /run/secrets/token }",
    "user: alice",
    "port: 993",
    "url: https://dav.example.com/a",
  ])("may say %s", (fields) => expect(problems(form(fields))).toEqual([]));

  it.each([
    "password: hunter2",
    "appPassword: hunter2",
    "client_secret: hunter2",
    "apiToken: hunter2",
    "key: hunter2",
    "url: https://alice:hunter2@dav.example.com/",
  ])("may not say %s, and the secret is not repeated", (fields) => {
    const said = problems(form(fields)).join("\n");
    expect(said).toMatch(/^tidemark\.yaml:8:7: connections\.mail\.fields\.\w+: .*secret/);
    expect(said).not.toContain("hunter2");
  });

  it("takes a secret from one place", () => {
    expect(problems(form("password: { env: A, file: B }"))).toEqual([
      "tidemark.yaml:8:7: connections.mail.fields.password: either env or file",
    ]);
  });
});

it("the JSON schema knows what the file may say", () => {
  expect(JSON.parse(JSON.stringify(fileJsonSchema()))).toMatchObject({
    required: ["version"],
    additionalProperties: false,
    properties: { syncs: { additionalProperties: { required: ["connection"], properties: { mode: { enum: ["content", "metadata"] } } } } },
  });
});
