import type { VendorRequest } from "../vendor-request.ts";

export const LOGIN_HOST = "login.microsoftonline.com";
export const GRAPH_HOST = "graph.microsoft.com";
export const WORK_FILES_HOST = "contoso-my.sharepoint.com";
export const PERSONAL_FILES_HOST = "public.ch.files.1drv.com";
export const MIGRATED_FILES_HOST = "my.microsoftpersonalcontent.com";

export const MICROSOFT_HOSTS: ReadonlySet<string> = new Set([
  LOGIN_HOST,
  GRAPH_HOST,
  WORK_FILES_HOST,
  PERSONAL_FILES_HOST,
  MIGRATED_FILES_HOST,
]);

export const isFilesHost = (request: VendorRequest): boolean => request.host !== LOGIN_HOST && request.host !== GRAPH_HOST;
