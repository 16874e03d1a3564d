import type { Operation } from "../operations.ts";
import { storageDay, storageQuery } from "../../wire/storage.ts";

export const storageShapes = { StorageDay: storageDay } as const;

export const storageOperations = [
  {
    method: "get",
    path: "/storage",
    summary: "What was kept, day by day, oldest first; of all syncs, or of one",
    query: storageQuery,
    answer: { listOf: "StorageDay" },
  },
] as const satisfies readonly Operation[];
