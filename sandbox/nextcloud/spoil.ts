import type { Asked } from "../fault-kinds.ts";
import type { Faults } from "../faults.ts";
import type { FaultName } from "./faults.ts";

const PROPSTATS = /<d:propstat>.*<\/d:propstat>/;
const REFUSED = "<d:propstat><d:prop><d:resourcetype/><d:getetag/></d:prop><d:status>HTTP/1.1 403 Forbidden</d:status></d:propstat>";

/** A listing as the faults that are on leave it. */
export async function spoil(faults: Faults<FaultName>, asked: Asked, listing: Response): Promise<Response> {
  const is = (name: FaultName): boolean => faults.strike(name, asked) !== undefined;
  let text = await listing.text();
  if (is("nextcloud-empty-multistatus")) text = text.replace(/<d:response>.*<\/d:response>/s, "");
  if (is("nextcloud-cut-multistatus")) text = text.slice(0, Math.floor(text.length / 2));
  if (is("nextcloud-refused-child")) {
    const last = text.lastIndexOf("<d:response>");
    text = text.slice(0, last) + text.slice(last).replace(PROPSTATS, REFUSED);
  }
  return new Response(text, { status: listing.status, headers: listing.headers });
}
