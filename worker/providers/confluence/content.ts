import { ProviderError } from "../errors.ts";
import type { ByteRange, ContentRef, OpenedContent } from "../provider.ts";
import { openedContent } from "../stream.ts";
import { addressOf } from "../atlassian/atlassian-api.ts";
import type { Page } from "./api.ts";
import { parseAddress, type AttachmentAddress, type PageAddress } from "./entry.ts";
import { FILES } from "./formats.ts";
import { parseFeed } from "./ids.ts";
import { baseOf } from "./lists.ts";
import { object, placeOf, type Place, type Source } from "./source.ts";
import { writePage } from "./storage/write.ts";

type Options = { range?: ByteRange; signal?: AbortSignal };

/** The bytes of a version: of an attachment as they are, of a page as its text in the format that is kept, which comes whole. */
export async function open(source: Source, { feedId, download }: ContentRef, options: Options): Promise<OpenedContent> {
  const place = await placeOf(source, parseFeed(feedId));
  const address = parseAddress(download?.url ?? "");
  if (!address) throw outdated("There is no such content.");
  return "format" in address ? openPage(source, place, address) : openAttachment(source, place, address, options);
}

async function openPage({ api }: Source, { site }: Place, { id, version, format }: PageAddress): Promise<OpenedContent> {
  const page = await unlessOutdated(async () =>
    object<Page>(await api.json(site, `/wiki/api/v2/pages/${id}`, { "body-format": "storage", status: ["current", "archived"] })),
  );
  if (page.version?.number !== version) throw outdated("The page has another version by now.");
  const body = page.body?.storage?.value;
  if (typeof body !== "string") throw new ProviderError("fatal", "Confluence's answer has no text of the page.");
  const { title, _links: links } = page;
  const spaceKey = /\/spaces\/([^/]+)\//.exec(links?.webui ?? "")?.[1] ?? "";
  const text = writePage({ title: title ?? id, body, base: baseOf(page), spaceKey: decodeURIComponent(spaceKey) }, format);
  const bytes = new TextEncoder().encode(text);
  return {
    body: new Blob([bytes]).stream(),
    size: bytes.byteLength,
    partial: false,
    contentType: `${FILES[format].mimeType}; charset=utf-8`,
  };
}

async function openAttachment(
  { api }: Source,
  { site }: Place,
  { id, pageId, version }: AttachmentAddress,
  options: Options,
): Promise<OpenedContent> {
  const url = addressOf(`${site.root}/wiki/rest/api/content/${pageId}/child/attachment/${id}/download`, { version });
  const response = await unlessOutdated(() => api.download(url, options));
  return openedContent(response, options.range);
}

/** A version may be gone and what it is of not: that is for a lookup to say. */
async function unlessOutdated<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ProviderError && (error.kind === "not_found" || error.status === 400))
      throw outdated("There is no such version.", error);
    throw error;
  }
}

function outdated(message: string, cause?: unknown): ProviderError {
  return new ProviderError("expired_url", message, { cause });
}
