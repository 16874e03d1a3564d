import { encodeBase64 } from "@oslojs/encoding";
import { Webhook } from "standardwebhooks";

const SECRET_BYTES = 32;

/** A secret as Standard Webhooks writes it. */
export function makeSecret(): string {
  return `whsec_${encodeBase64(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)))}`;
}

/** The headers that prove a delivery: one signature for each secret that is valid. `at` is the time of this attempt. */
export function signedHeaders(secrets: readonly string[], eventId: string, at: number, body: string): Record<string, string> {
  const signatures = secrets.map((secret) => new Webhook(secret).sign(eventId, new Date(at), body));
  return { "webhook-id": eventId, "webhook-timestamp": String(Math.floor(at / 1000)), "webhook-signature": signatures.join(" ") };
}
