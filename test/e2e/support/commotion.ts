import type { SourceFile } from "./client.ts";

// What people do to a drive while it is copied.

type Place = Pick<SourceFile, "path" | "size">;

/** Each kind of change is made to this share of the files. */
const SHARE = 0.01;

/** Updates, renames, moves, deletions and new files all over the drive, and, last, a renamed folder. */
export function commotion(files: readonly Place[], round: number): object[] {
  const count = Math.max(2, Math.floor(files.length * SHARE));
  const [updated = [], renamed = [], moved = [], deleted = []] = chosen(files, round, 4, count);
  const folder = folderToRename(files, round);
  return [
    ...updated.map(({ path, size }) => ({ op: "update", path, bytes: size + round })),
    ...renamed.map(({ path }, index) => ({ op: "rename", path, name: `é ${round}-${index}.txt` })),
    ...moved.map(({ path }, index) => ({ op: "move", path, to: `/Moved ${round}/${index}` })),
    ...deleted.map(({ path }) => ({ op: "delete", path })),
    ...Array.from({ length: count }, (_, index) => ({ op: "create", path: `/New ${round}/new ${index}.txt`, bytes: 100 + index })),
    ...(folder === undefined ? [] : [{ op: "rename", path: folder, name: `Ordner ${round}` }]),
  ];
}

/** Files spread over the drive, others each round, in groups. */
function chosen(files: readonly Place[], round: number, groups: number, count: number): Place[][] {
  const step = Math.floor(files.length / (groups * count));
  const spread = files.filter((_, index) => index % step === round % step).slice(0, groups * count);
  return Array.from({ length: groups }, (_, group) => spread.filter((_, index) => index % groups === group));
}

/** A folder at the top whose name grows no longer: paths have an end. */
function folderToRename(files: readonly Place[], round: number): string | undefined {
  const tops = new Set(files.flatMap(({ path }) => (path.split("/").length > 2 ? [path.split("/")[1] ?? ""] : [])));
  const names = [...tops].filter((name) => name.length >= "Ordner 1".length && !/^(Ordner|Moved|New|level) /.test(name));
  const name = names[round % names.length];
  return name === undefined ? undefined : `/${name}`;
}
