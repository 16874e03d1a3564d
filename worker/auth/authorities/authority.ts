import type * as oauth from "oauth4webapi";

/** Who lets a person in and gives us access on their behalf, as data: `oauth4webapi` does the protocol. */
export interface Authority {
  id: string;
  /** As people know it. */
  name: string;
  /** How this deployment is registered there; null where its operator has not set that up. */
  client(env: Env): RegisteredClient | null;
  /** Its endpoints. */
  server(env: Env): oauth.AuthorizationServer;
  /** How our secret goes with a token request. */
  clientAuthentication: "post" | "basic";
  /** What a refresh says beyond the usual. */
  refreshParameters?(scopes: readonly string[]): Record<string, string>;
  /** What a refused token request means, where the authority does not keep to RFC 6749. Undefined: what the RFC says. */
  refusal?(refused: RefusedRequest): "dead_grant" | "operator" | "transient" | undefined;
}

export interface RegisteredClient {
  id: string;
  secret: string;
}

export interface RefusedRequest {
  status: number;
  /** `error`, and its description. */
  error: string;
  description: string;
}
