import { isMap, isNode, LineCounter, parseDocument } from "yaml";
import type { Document } from "yaml";
import type { z } from "zod";
import { Failure } from "../failure.ts";
import type { TidemarkFile } from "./schema.ts";
import { tidemarkFile } from "./schema.ts";

export type FilePath = readonly (string | number)[];

export interface Problem {
  path: FilePath;
  message: string;
}

export interface ParsedFile {
  file: TidemarkFile;
  /** A failure that says where in the file each problem is. */
  failure(problems: readonly Problem[]): Failure;
}

const FILE_CHARACTERS_MAX = 1_000_000;
const ALIASES_MAX = 100;
const PROBLEMS_SHOWN = 20;

/** Reads what stands in a file of that name. Throws with every problem, each with its line. Quotes no values. */
export function parseFile(text: string, fileName: string): ParsedFile {
  if (text.length > FILE_CHARACTERS_MAX) throw new Failure(`${fileName} is longer than ${FILE_CHARACTERS_MAX} characters.`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  const malformed = [...document.errors, ...document.warnings].map(({ pos, message }) => `${at(pos[0])}: ${message}`);
  if (malformed.length > 0) throw failureOf(malformed);
  const failure = (problems: readonly Problem[]) =>
    failureOf(
      problems.map(({ path, message }) => `${at(offsetOf(document, path))}: ${[path.join("."), message].filter(Boolean).join(": ")}`),
    );
  const result = tidemarkFile.safeParse(toValue(document, fileName));
  if (!result.success) throw failure(result.error.issues.flatMap(problemsOf));
  return { file: result.data, failure };
}

function failureOf(lines: readonly string[]): Failure {
  const more = lines.length > PROBLEMS_SHOWN ? [`and ${lines.length - PROBLEMS_SHOWN} more`] : [];
  return new Failure([...lines.slice(0, PROBLEMS_SHOWN), ...more].join("\n"), { code: "cli.file_invalid" });
}

function toValue(document: Document, fileName: string): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX }) as unknown;
  } catch (cause) {
    throw new Failure(`${fileName}: its aliases lead to too much, or to nothing.`, { cause, code: "cli.file_invalid" });
  }
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  if (issue.code === "invalid_key") return [{ path, message: issue.issues[0]?.message ?? issue.message }];
  if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...path, key], message: "is not known here" }));
}

/** Where the key stands that the path ends with, or the nearest of what is around it. */
function offsetOf(document: Document, path: FilePath): number {
  for (let length = path.length; length > 0; length -= 1) {
    const around: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (isMap(around)) {
      const key = around.items.map((pair) => pair.key).find((key) => isNode(key) && String(key.toJSON()) === String(last));
      if (isNode(key) && key.range) return key.range[0];
    }
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}
