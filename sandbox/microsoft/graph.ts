import { randomUUID } from "node:crypto";
import { bearerOf, decodeSegment, type VendorRequest } from "../vendor-request.ts";
import { parseAddress, type Address } from "./address.ts";
import { Refusal, toResponse } from "../answers.ts";
import { batch } from "./batch.ts";
import { delta } from "./delta.ts";
import { graphAnswer } from "./fault-answers.ts";
import type { Asked } from "../fault-kinds.ts";
import type { DriveCall, GraphCall, GraphTools } from "./graph-context.ts";
import { invalidRequest, refuse } from "./graph-error.ts";
import type { AccessProblem } from "../oauth/grants.ts";
import type { Grant } from "./grants.ts";
import { checkUser, children, content, driveOf, drivesList, findItem, item, user } from "./items.ts";
import { checkScope } from "./scopes.ts";
import { closedLibrary } from "./site-access.ts";
import { drive, siteAnswer } from "./site-answers.ts";
import { resourceUnits } from "./throttle.ts";

const CHALLENGE =
  'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"';
const AFTER_REVOCATION =
  "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp";

/** Microsoft Graph v1.0, as far as drives need it. `ask` is how the parts of a batch are asked: like any other request. */
export async function graph(
  tools: GraphTools,
  request: VendorRequest,
  asked: Asked,
  ask: (one: VendorRequest) => Promise<Response>,
): Promise<Response> {
  let charged: Record<string, string> = {};
  let response: Response;
  try {
    const call: GraphCall = { request, asked, grant: authenticate(tools, request) };
    const address = parseAddress(request.path);
    if (address === undefined)
      throw refuse(400, "BadRequest", `Resource not found for the segment '${decodeSegment(request.path.split("/")[2] ?? "")}'.`);
    checkScope(call, address, "drive" in address ? driveOf(tools, call, address.drive) : undefined);
    const hasToken = address.kind === "delta" && (address.token ?? request.query.get("token") ?? "") !== "";
    charged = tools.throttle.charge(call.grant, asked, resourceUnits(address, request.method, hasToken));
    response = await answer(tools, call, address, ask);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    response = toResponse(error.answer);
  }
  for (const [name, value] of Object.entries(charged)) response.headers.set(name, value);
  return response;
}

/** The headers that every answer of Graph has. */
export function stampGraph(request: VendorRequest, response: Response): void {
  const id = randomUUID();
  const { headers } = response;
  headers.set("request-id", id);
  headers.set("client-request-id", request.headers.get("client-request-id") ?? id);
  headers.set(
    "x-ms-ags-diagnostic",
    JSON.stringify({ ServerInfo: { DataCenter: "Sandbox", Slice: "E", Ring: "1", ScaleUnit: "000", RoleInstance: "SANDBOX" } }),
  );
  if (!headers.has("date")) headers.set("Date", new Date().toUTCString());
  if (headers.get("content-type") === "application/json" && response.status < 300) {
    headers.set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8");
    headers.set("OData-Version", "4.0");
  }
}

function authenticate(tools: GraphTools, request: VendorRequest): Grant {
  const token = bearerOf(request);
  const refused = (message: string, challenge = CHALLENGE): Refusal =>
    new Refusal(graphAnswer(401, "InvalidAuthenticationToken", message, { "WWW-Authenticate": challenge }));
  if (token === undefined) throw refused("Access token is empty.");
  const grant = tools.grants.openAccessToken(token);
  if (typeof grant !== "string") return grant;
  const personal = token.startsWith("EwCI");
  const messages: Record<AccessProblem, string> = {
    malformed: personal ? "CompactToken parsing failed with error code: 80049217" : "CompactToken parsing failed with error code: 8004920A",
    expired: personal ? "CompactToken validation failed with reason code: 80049228." : "Access token has expired or is not yet valid.",
    revoked: AFTER_REVOCATION,
  };
  const claims = Buffer.from(
    JSON.stringify({ access_token: { nbf: { essential: true, value: String(Math.floor(tools.now() / 1000)) } } }),
  ).toString("base64");
  throw refused(messages[grant], grant === "revoked" ? `${CHALLENGE}, error="insufficient_claims", claims="${claims}"` : CHALLENGE);
}

async function answer(
  tools: GraphTools,
  call: GraphCall,
  address: Address,
  ask: (one: VendorRequest) => Promise<Response>,
): Promise<Response> {
  const { method } = call.request;
  if (address.kind === "batch") {
    if (method !== "POST") throw refuse(405, "BadRequest", "Only POST is allowed for $batch.");
    return batch(call.request, ask);
  }
  if (address.kind === "subscriptions" || address.kind === "subscription") return subscription(tools, call, address);
  if (method !== "GET") throw refuse(405, "notAllowed", "This sandbox's drives are changed by its control calls only.");
  switch (address.kind) {
    case "me":
      checkUser(call.grant.account, address.user);
      return user(call);
    case "userinfo": {
      const { account } = call.grant;
      return Response.json({ sub: account.oid, name: account.displayName, email: account.name });
    }
    case "drives":
      checkUser(call.grant.account, address.user);
      return drivesList(tools, { ...call, drive: call.grant.account });
    case "followed-sites":
    case "site-search":
    case "site":
    case "subsites":
    case "libraries":
      return siteAnswer(tools, call, address);
    default:
      return ofDrive(tools, { ...call, drive: driveOf(tools, call, address.drive) }, address);
  }
}

async function ofDrive(tools: GraphTools, call: DriveCall, address: Extract<Address, { drive: object }>): Promise<Response> {
  const closed = closedLibrary(tools.sites, call.grant.account, call.drive);
  if (closed !== undefined) throw closed;
  const drivePath = address.drive.by === "id" ? `/drives/${address.drive.id}` : "/drive";
  if (address.kind === "drive") return drive(tools, call);
  const found = findItem(tools, call, address.item);
  switch (address.kind) {
    case "item":
      return item(tools, call, found, drivePath);
    case "children":
      return children(tools, call, found, drivePath);
    case "content":
      return content(tools, call, found);
    case "delta":
      return delta(tools, call, address, found);
  }
}

async function subscription(
  tools: GraphTools,
  call: GraphCall,
  address: Extract<Address, { kind: "subscriptions" | "subscription" }>,
): Promise<Response> {
  const { method } = call.request;
  const { subscriptions } = tools;
  if (address.kind === "subscriptions") {
    if (method === "POST") return subscriptions.create(call);
    if (method === "GET") return subscriptions.list(call);
  } else if (address.action === "reauthorize") {
    if (method === "POST") return subscriptions.reauthorize(call, address.id);
  } else {
    if (method === "GET") return subscriptions.get(call, address.id);
    if (method === "PATCH") return subscriptions.renew(call, address.id);
    if (method === "DELETE") return subscriptions.remove(call, address.id);
  }
  throw invalidRequest("Invalid request");
}
