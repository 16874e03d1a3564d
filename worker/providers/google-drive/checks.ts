import { ProviderError } from "../errors.ts";
import type { Check } from "../provider.ts";
import { startToken } from "./changes.ts";
import { asObject, type Drive } from "./drive.ts";
import { MY_DRIVE } from "./entry.ts";
import type { DriveList } from "./api.ts";

/** What works for this connection, one thing after another. */
export async function checks(drive: Drive): Promise<Check[]> {
  return [
    await check("Files", async () => {
      await drive.json("/files", { pageSize: 1, q: "trashed = false", fields: "files(id)" });
      return "Files can be listed and read.";
    }),
    await check("Changes", async () => {
      await startToken(drive, MY_DRIVE);
      return "The change log can be read.";
    }),
    await check("Shared drives", async () => {
      const { drives, nextPageToken } = asObject<DriveList>(
        await drive.json("/drives", { pageSize: 100, fields: "nextPageToken,drives(id)" }),
      );
      const count = drives?.length ?? 0;
      return count === 0 ? "There are none." : `${count}${nextPageToken ? " or more" : ""} can be chosen.`;
    }),
  ];
}

async function check(name: string, look: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, message: await look() };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return { name, ok: false, message: error.message };
  }
}
