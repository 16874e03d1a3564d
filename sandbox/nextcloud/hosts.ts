export const NEXTCLOUD_HOST = "cloud.nextcloud.example";
export const OWNCLOUD_HOST = "cloud.owncloud.example";

/** What answers at a host: the two have grown apart in what they can be asked. */
export type Product = "Nextcloud" | "ownCloud";

export const isCloudHost = (host: string): boolean => host === NEXTCLOUD_HOST || host === OWNCLOUD_HOST;
export const productAt = (host: string): Product => (host === OWNCLOUD_HOST ? "ownCloud" : "Nextcloud");
export const domainOf = (host: string): string => host.slice(host.indexOf(".") + 1);
