import fc from "fast-check";
import type { Mutation, Source, Tree } from "./source.ts";

// What happens in a case: what somebody does to the source, what the user does with the sync, and how much time passes
// after it. Places are numbers, resolved in the tree as it is when the command's turn comes.

export type Command = { turns: number; notify: boolean } & (
  | { on: "source"; change: SourceChange; place: number; other: number }
  | { on: "sync"; deed: UserDeed }
  | { on: "clock"; seconds: number }
);

const SOURCE_CHANGES = [
  "create",
  "create",
  "create",
  "create",
  "create_in_folder",
  "create_in_folder",
  "create_empty",
  "create_large",
  "update",
  "update",
  "rewrite",
  "rename_file",
  "rename_folder",
  "move_file",
  "move_folder",
  "delete_file",
  "delete_file",
  "delete_folder",
  "recreate",
  "file_becomes_folder",
  "restore",
  "nest",
] as const;
type SourceChange = (typeof SOURCE_CHANGES)[number];

const USER_DEEDS = ["run", "run", "full", "pause", "resume", "cancel", "retry"] as const;
export type UserDeed = (typeof USER_DEEDS)[number];

const TURNS_MAX = 12;
const CLOCK_SECONDS_MAX = 7_200;
const PLACES = 1_000;
const FILE_BYTES_MAX = 300;

const when = { turns: fc.nat(TURNS_MAX), notify: fc.boolean() };

const commandArbitrary: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      on: fc.constant("source" as const),
      change: fc.constantFrom(...SOURCE_CHANGES),
      place: fc.nat(PLACES),
      other: fc.nat(PLACES),
      ...when,
    }),
  },
  { weight: 4, arbitrary: fc.record({ on: fc.constant("sync" as const), deed: fc.constantFrom(...USER_DEEDS), ...when }) },
  { weight: 1, arbitrary: fc.record({ on: fc.constant("clock" as const), seconds: fc.nat(CLOCK_SECONDS_MAX), ...when }) },
);

export function commandsArbitrary(lengthMax: number): fc.Arbitrary<Command[]> {
  return fc.array(commandArbitrary, { maxLength: lengthMax, size: "max" });
}

/** A file that stays: a source that has lost everything is one for the guard, which asks a person. */
export const LASTING_PATH = "/lasting";

/** Does a change to the source, if there is what it needs. `name` is a name that nothing else has, `largeBytes` the size of large files. */
export async function changeSource(source: Source, command: Command & { on: "source" }, name: string, largeBytes: number): Promise<void> {
  const tree = await source.tree();
  const changeable = { ...tree, files: tree.files.filter((file) => file.path !== LASTING_PATH) };
  for (const mutation of mutationsOf(command, changeable, name, largeBytes)) await source.mutate(mutation);
}

function mutationsOf({ change, place, other }: Command & { on: "source" }, tree: Tree, name: string, largeBytes: number): Mutation[] {
  const file = at(tree.files, place);
  const folder = at(tree.folders, place);
  const bytes = (other % FILE_BYTES_MAX) + 1;
  const target = at([{ path: "" }, ...tree.folders], other)?.path ?? "";
  switch (change) {
    case "create":
      return [{ op: "create", path: `${at([{ path: "" }, ...tree.folders], place)?.path ?? ""}/${name}`, bytes }];
    case "create_in_folder":
      return [{ op: "create", path: `${target}/folder ${name}/${name}`, bytes }];
    case "create_empty":
      return [{ op: "create", path: `${target}/${name}`, bytes: 0 }];
    case "create_large":
      return [{ op: "create", path: `${target}/${name}`, bytes: largeBytes + bytes }];
    case "nest":
      return [{ op: "mkdir", path: `${target}/${name}/within/and within` }];
    case "update":
      return file ? [{ op: "update", path: file.path, bytes: `${name}${"x".repeat(bytes)}` }] : [];
    case "rewrite":
      return file ? [{ op: "rewrite", path: file.path }] : [];
    case "rename_file":
      return file ? [{ op: "rename", path: file.path, name }] : [];
    case "rename_folder":
      return folder ? [{ op: "rename", path: folder.path, name }] : [];
    case "move_file":
      return file && !taken(tree, `${target}/${nameOf(file.path)}`) ? [{ op: "move", path: file.path, to: target || "/" }] : [];
    case "move_folder":
      return folder && !isWithin(target, folder.path) && !taken(tree, `${target}/${nameOf(folder.path)}`)
        ? [{ op: "move", path: folder.path, to: target || "/" }]
        : [];
    case "delete_file":
      return file ? [{ op: "delete", path: file.path }] : [];
    case "delete_folder":
      return folder ? [{ op: "delete", path: folder.path }] : [];
    case "recreate":
      return file ? [{ op: "delete", path: file.path }, { op: "create", path: file.path, bytes }] : []; // prettier-ignore
    case "file_becomes_folder":
      return file ? [{ op: "delete", path: file.path }, { op: "create", path: `${file.path}/${name}`, bytes }] : []; // prettier-ignore
    case "restore": {
      const id = at(tree.trash, place);
      return id === undefined ? [] : [{ op: "restore", id }];
    }
  }
}

function at<T>(list: readonly T[], place: number): T | undefined {
  return list[place % Math.max(1, list.length)];
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function taken(tree: Tree, path: string): boolean {
  return [...tree.files, ...tree.folders].some((each) => each.path === path);
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
