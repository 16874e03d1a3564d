import { Refusal } from "../../answers.ts";
import type { Call } from "../product.ts";

/** A refusal by the API v2. */
export function refuse(status: number, code: string, title: string): never {
  const body = { errors: [{ status, code, title, detail: null }] };
  throw new Refusal({ status, headers: { "Content-Type": "application/json" }, body });
}

export const notFound = (): never => refuse(404, "NOT_FOUND", "Not Found");

/** A refusal by the API v1. */
export function refuseV1(status: number, message: string): never {
  const body = { statusCode: status, data: { authorized: status !== 403, valid: true, errors: [], successful: false }, message };
  throw new Refusal({ status, headers: { "Content-Type": "application/json" }, body });
}

/** Where people find the site's Confluence. */
export const baseOf = ({ request, site }: Call): string => `${request.site(site.host)}/wiki`;

/** A whole number of a path or a query; undefined where it is none. */
export function numberOf(text: string | null | undefined): number | undefined {
  return text !== null && text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The values of a parameter that may be there several times, or have several in one. */
export function listOf({ request }: Call, name: string): string[] {
  return request.query.getAll(name).flatMap((value) => value.split(",")).filter((value) => value !== ""); // prettier-ignore
}
