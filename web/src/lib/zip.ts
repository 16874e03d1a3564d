// A zip of a choice, saved by the browser as it streams in: a form asks for it, since a script would have to hold it in memory.
import { ApiError, asApiError, toApiError } from "./api.ts";

export const ZIP_IDS_MAX = 500;

const ADDRESS = "/api/v1/items/zip";

/** Throws in words where there will be no zip, before the browser is asked to save one. */
export async function saveZip(ids: readonly string[], name: string): Promise<void> {
  const fields = [...ids.map((id) => ["ids", id] as const), ["name", name] as const];
  const abort = new AbortController();
  try {
    const answer = await fetch(ADDRESS, {
      method: "POST",
      body: new URLSearchParams(fields.map((field) => [...field])),
      signal: abort.signal,
    });
    if (!answer.ok) throw await toApiError(answer);
  } catch (error) {
    throw error instanceof ApiError ? error : asApiError(error);
  } finally {
    abort.abort();
  }
  const form = document.createElement("form");
  form.method = "post";
  form.action = ADDRESS;
  form.hidden = true;
  for (const [field, value] of fields) {
    const input = document.createElement("input");
    input.name = field;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
  form.remove();
}
