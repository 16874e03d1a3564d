export type SubscriptionRow = {
  id: string;
  account: number;
  /** Whose drive it is about, where not the account's own. */
  drive: number | null;
  client: string;
  resource: string;
  changeType: string;
  notificationUrl: string;
  lifecycleUrl: string | null;
  clientState: string | null;
  expires: number;
  authorisedUntil: number;
};

export const SUBSCRIPTION_COLUMNS = `id, account, drive, client, resource, change_type AS changeType, notification_url AS notificationUrl, lifecycle_url AS lifecycleUrl,
  client_state AS clientState, expires, authorised_until AS authorisedUntil`;

/** With the seven decimals that the service writes. */
export const dateTime = (time: number): string => new Date(time).toISOString().replace("Z", "0000Z");
