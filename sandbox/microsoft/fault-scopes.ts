import type { Asked } from "../fault-kinds.ts";
import { GRAPH_HOST, isFilesHost } from "./hosts.ts";

// Which requests a fault is about.

const DELTA = /\/(microsoft\.graph\.)?delta(\(|$)/;
const DELTA_TOKEN = /token=(?!latest|'latest'|&|$|'')/;

const onGraph = (asked: Asked): boolean => asked.host === GRAPH_HOST;

/** A batch is struck in its parts only. */
export const isGraph = (asked: Asked): boolean => onGraph(asked) && !asked.path.endsWith("/$batch");
export const isDownload = (asked: Asked): boolean => isFilesHost(asked.host);
export const isRange = (asked: Asked): boolean => isDownload(asked) && asked.ranged;
export const isGraphOrDownload = (asked: Asked): boolean => isGraph(asked) || isDownload(asked);
export const isDelta = (asked: Asked): boolean => onGraph(asked) && DELTA.test(asked.path);
export const isDeltaToken = (asked: Asked): boolean => isDelta(asked) && DELTA_TOKEN.test(decodeURIComponent(asked.path + asked.search));
export const isItem = (asked: Asked): boolean => onGraph(asked) && /\/items\/[^/]+$/.test(asked.path);
export const isChildren = (asked: Asked): boolean => onGraph(asked) && asked.path.endsWith("/children");
export const isFollowedSites = (asked: Asked): boolean => onGraph(asked) && asked.path.endsWith("/me/followedSites");
export const isSiteSearch = (asked: Asked): boolean => onGraph(asked) && asked.path.endsWith("/v1.0/sites");
export const isSubscriptionCreation = (asked: Asked): boolean =>
  onGraph(asked) && asked.method === "POST" && asked.path.endsWith("/subscriptions");
export const isSubscriptionRenewal = (asked: Asked): boolean =>
  onGraph(asked) && asked.method === "PATCH" && /\/subscriptions\/[^/]+$/.test(asked.path);
