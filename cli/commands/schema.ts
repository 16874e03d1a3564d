import type { Command } from "../command.ts";
import { parseOptions, showJson } from "../command.ts";
import { fileJsonSchema } from "../file/schema.ts";

export const schema: Command = {
  usage: "schema",
  summary: "print the JSON schema of tidemark.yaml, for editors",
  async run(args, { terminal }) {
    parseOptions(args, { json: { type: "boolean" } });
    showJson(terminal, fileJsonSchema());
    return 0;
  },
};
