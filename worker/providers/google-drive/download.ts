import { isDownloadHost } from "../download-hosts.ts";
import { ProviderError } from "../errors.ts";
import { discard } from "../http.ts";
import type { ByteRange, ContentRef, OpenedContent, ProviderEnv } from "../provider.ts";
import { openedContent, redirectOf, requestContent } from "../stream.ts";
import { type DriveFile, FILE_FIELDS } from "./api.ts";
import { asObject, type Drive } from "./drive.ts";
import { toChange, type Viewpoint } from "./entry.ts";
import { toProviderError } from "./errors.ts";
import { measured } from "./measured.ts";

const REDIRECTS_MAX = 3;
const EXPORT_PATH = /\/files\/([^/]+)\/export$/;
const NOT_EXPORTABLE = "Google hands out no file of this in the format that is kept, or only a smaller one.";

type Options = { range?: ByteRange; signal?: AbortSignal };

/** Streams a file's bytes, or an export of it. There are no ranges of an export: all of it comes. */
export async function open(
  view: Viewpoint,
  env: Pick<ProviderEnv, "GOOGLE_DOWNLOAD_HOSTS">,
  content: ContentRef,
  options: Options,
): Promise<OpenedContent> {
  const { drive } = view;
  const address = content.download?.url ?? (await locate(view, content.id));
  if (!drive.owns(address)) throw new ProviderError("fatal", "The download leads to an unknown host.");
  const url = new URL(address);
  const [, exported] = EXPORT_PATH.exec(url.pathname) ?? [];
  const { range, ...rest } = options;
  const response = await authorised(drive, address, exported === undefined ? options : rest);
  if (response.ok && exported === undefined) return openedContent(response, range);
  if (response.ok) return measured(await openedContent(response, undefined));
  const error = await toProviderError(response, drive.context.now());
  const mimeType = url.searchParams.get("mimeType") ?? "";
  if (exported === undefined || !isTooLarge(error, mimeType)) throw error;
  return openByLink(drive, env, { id: decodeURIComponent(exported), mimeType, because: error }, rest);
}

/** Where the listing did not say. */
async function locate(view: Viewpoint, id: string): Promise<string> {
  const change = toChange(await view.drive.file(id, FILE_FIELDS), { ...view, rootId: "" });
  if (change.type === "upsert" && change.entry.download) return change.entry.download.url;
  if (change.type === "upsert") throw new ProviderError("not_exportable", NOT_EXPORTABLE);
  throw new ProviderError("not_found", "The file is no longer at the source.");
}

/** With the connection's token, and once more with a new one. Unlike other requests it may take as long as it needs. */
async function authorised(drive: Drive, url: string, options: Options): Promise<Response> {
  const ask = async (renew: boolean): Promise<Response> => {
    const token = await drive.context.accessToken(renew ? { renew } : {});
    return requestContent(drive.context, url, { ...options, headers: { Authorization: `Bearer ${token}` } });
  };
  const response = await ask(false);
  if (response.status !== 401) return response;
  await discard(response);
  return ask(true);
}

/** An export that is too large is refused as such; as a PDF it is answered as if the service were broken. */
function isTooLarge({ providerCode, status }: ProviderError, mimeType: string): boolean {
  return providerCode === "exportSizeLimitExceeded" || (status === 500 && mimeType === "application/pdf");
}

interface LargeExport {
  id: string;
  mimeType: string;
  because: ProviderError;
}

/** The links that a browser would use know no limit of size. The token goes to Google Docs itself only, not to where that leads. */
async function openByLink(
  drive: Drive,
  env: Pick<ProviderEnv, "GOOGLE_DOWNLOAD_HOSTS">,
  { id, mimeType, because }: LargeExport,
  options: Options,
): Promise<OpenedContent> {
  const { exportLinks } = asObject<DriveFile>(await drive.file(id, "exportLinks"));
  const link = exportLinks?.[mimeType];
  if (typeof link !== "string" || !isDownloadHost(link, env.GOOGLE_DOWNLOAD_HOSTS)) throw refusal(because);
  let url = link;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const response = url === link ? await authorised(drive, url, options) : await requestContent(drive.context, url, options);
    const location = redirectOf(response, url);
    if (location === undefined) return accept(response, because);
    await discard(response);
    if (!isDownloadHost(location, env.GOOGLE_DOWNLOAD_HOSTS)) throw refusal(because);
    url = location;
  }
  throw refusal(because);
}

/** A page of HTML is a sign-in, or an apology. */
async function accept(response: Response, because: ProviderError): Promise<OpenedContent> {
  const isPage = /^text\/html\b/i.test(response.headers.get("Content-Type") ?? "");
  if (response.status === 200 && !isPage) return measured(await openedContent(response, undefined));
  await discard(response);
  if (response.status >= 500) throw new ProviderError("transient", `Google Docs answered ${response.status}.`, { status: response.status });
  throw refusal(because);
}

function refusal({ status, providerCode }: ProviderError): ProviderError {
  return new ProviderError("not_exportable", NOT_EXPORTABLE, {
    ...(status !== undefined && { status }),
    ...(providerCode !== undefined && { providerCode }),
  });
}
