import { encodeBase64 } from "@oslojs/encoding";
import { z } from "zod";
import { ProviderError } from "../errors.ts";
import { ERROR_BYTES_MAX, readText, retryAfterSeconds, send } from "../http.ts";
import type { FormField, FormValues, MintedToken, ProviderEnv } from "../provider.ts";
import { jsonOf } from "../json.ts";

// Tokens that are minted from what was filled in, at the token endpoint of APS: of apps for themselves, and of service accounts.

const ANSWER_SECONDS_MAX = 20;
const LIFE_SECONDS = 3_599;

export const READ = "data:read";
/** What it takes to be told of changes: hooks are written, files never are. */
export const HOOKS = "data:read data:write";

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().optional() });
const errorAnswer = z.object({
  error: z.string().optional(),
  error_description: z.string().optional(),
  errorCode: z.string().optional(),
  developerMessage: z.string().optional(),
});

export interface MintContext {
  fetch: typeof fetch;
  now: () => number;
}

export const clientFields: readonly FormField[] = [
  { name: "clientId", label: "Client ID", kind: "text", help: "Of your app at aps.autodesk.com, under Applications.", required: true },
  { name: "clientSecret", label: "Client secret", kind: "secret", help: "Of the same app, beside its client ID.", required: true },
];

export const tokenUrl = ({ AUTODESK_API_URL }: ProviderEnv): string => `${AUTODESK_API_URL}/authentication/v2/token`;

/** Asks for a token. Throws `auth`, in words for the person, where that is refused. */
export async function requestToken(
  env: ProviderEnv,
  values: FormValues,
  grant: Record<string, string>,
  context: MintContext,
): Promise<MintedToken> {
  const client = `${values["clientId"]?.trim() ?? ""}:${values["clientSecret"]?.trim() ?? ""}`;
  const bare = { ...context, accessToken: () => Promise.reject(new Error("There is none yet.")) };
  const response = await send(bare, tokenUrl(env), {
    method: "POST",
    headers: { Authorization: `Basic ${encodeBase64(new TextEncoder().encode(client))}` },
    body: new URLSearchParams(grant),
    signal: AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000),
  });
  const text = await readText(response, ERROR_BYTES_MAX);
  if (!response.ok) throw refusal(response, text, context.now());
  const answer = tokenAnswer.safeParse(jsonOf(text));
  if (!answer.success) throw new ProviderError("transient", "Autodesk’s answer has no access token.", { status: response.status });
  return { accessToken: answer.data.access_token, expiresAt: context.now() + (answer.data.expires_in ?? LIFE_SECONDS) * 1000 };
}

function refusal(response: Response, text: string, now: number): ProviderError {
  const { status } = response;
  const told = errorAnswer.safeParse(jsonOf(text)).data;
  const code = told?.error ?? told?.errorCode;
  const wait = retryAfterSeconds(response.headers, now);
  const details = { status, ...(code !== undefined && { providerCode: code }), ...(wait !== undefined && { retryAfterSeconds: wait }) };
  if (status === 429) return new ProviderError("throttled", "Autodesk asks us to slow down.", details);
  if (code === undefined || status >= 500) return new ProviderError("transient", `Autodesk’s sign-in answered ${status}.`, details);
  if (status === 401 || code === "invalid_client")
    return new ProviderError(
      "auth",
      "Autodesk refuses this client ID and secret, or the app has no access to the Data Management API.",
      details,
    );
  const said = told?.error_description ?? told?.developerMessage ?? code;
  return new ProviderError("auth", `Autodesk refuses this: ${said}`.replace(/[.\s]*$/, "."), details);
}
