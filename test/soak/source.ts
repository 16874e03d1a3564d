import type { ConnectRequest } from "../../durable-objects/rpc.ts";
import type { Op } from "../providers/sandbox-drive.ts";

/** What a case does to the source, in the sandbox's words; and a change that only the content's marks tell. */
export type Mutation = Op | { op: "rewrite"; path: string };

export interface Tree {
  files: { id: string; path: string; sha256: string }[];
  folders: { id: string; path: string }[];
  /** What was deleted and can be brought back. */
  trash: string[];
}

/** A source that a case changes, lets fail, and compares the copy with. */
export interface Source {
  /** How its user connects to it. */
  connect: ConnectRequest;
  mutate(mutation: Mutation): Promise<void>;
  tree(): Promise<Tree>;
  /** From now on nothing fails any more. */
  calm(): Promise<void>;
  /** Requests that it was asked so far, but for those about subscriptions. */
  requests(): Promise<number>;
  close(): void;
}
