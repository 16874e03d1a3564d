import { bulkOutcome, bulkRequest, zipRequest } from "../../wire/bulk.ts";
import { filePreviewQuery } from "../../wire/file-preview.ts";
import { searchQuery } from "../../wire/search.ts";
import type { Operation } from "../operations.ts";

/** Finding files, looking at them, and doing the same with several. */
export const filesShapes = { BulkOutcome: bulkOutcome } as const;

export const filesOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/search",
    summary: "Items by name, over all syncs or in one; a page may be short, even empty, and still have a cursor to go on from",
    query: searchQuery,
    answer: { listOf: "Item" },
  },
  {
    method: "post",
    path: "/items/restore",
    summary: "Take several removed items back; the answer tells what became of each",
    body: bulkRequest,
    status: 202,
    answer: { listOf: "BulkOutcome" },
  },
  {
    method: "post",
    path: "/items/retry",
    summary: "Try several failed items again now; the answer tells what became of each",
    body: bulkRequest,
    status: 202,
    answer: { listOf: "BulkOutcome" },
  },
  {
    method: "get",
    path: "/items/{id}/zip",
    summary: "An item with everything below it, as a zip; what is not stored is named in its MISSING.txt",
    answer: { mediaType: "application/zip" },
  },
  {
    method: "post",
    path: "/items/zip",
    summary: "Several items with everything below them, as one zip; takes a form as well",
    body: zipRequest,
    answer: { mediaType: "application/zip" },
  },
  {
    method: "get",
    path: "/items/{id}/preview",
    summary: "An item's content to look at, for a frame of our own pages: by its type, or as a page made from it",
    query: filePreviewQuery,
    answer: { mediaType: "text/html" },
  },
];
