export const LOGIN_HOST = "login.microsoftonline.com";
export const GRAPH_HOST = "graph.microsoft.com";
export const WORK_FILES_HOST = "contoso-my.sharepoint.com";
/** Where the tenant's sites are, and where they are once it is renamed. */
export const SITES_HOST = "contoso.sharepoint.com";
export const RENAMED_SITES_HOST = "fabrikam.sharepoint.com";
export const PERSONAL_FILES_HOST = "public.ch.files.1drv.com";
export const MIGRATED_FILES_HOST = "my.microsoftpersonalcontent.com";

const FILES_HOSTS: ReadonlySet<string> = new Set([
  WORK_FILES_HOST,
  SITES_HOST,
  RENAMED_SITES_HOST,
  PERSONAL_FILES_HOST,
  MIGRATED_FILES_HOST,
]);

export const isFilesHost = (host: string): boolean => FILES_HOSTS.has(host);
export const isMicrosoftHost = (host: string): boolean => host === LOGIN_HOST || host === GRAPH_HOST || isFilesHost(host);
