import type { Source } from "../auth/begin.ts";
import { record } from "../auth/record.ts";
import type { AppContext, UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import type { ErrorCode } from "../errors.ts";
import { AppError, unwrap } from "../errors.ts";
import { asProviderError } from "../providers/errors.ts";
import type { ProviderErrorKind } from "../providers/errors.ts";
import { formProblem, tryForm } from "../providers/form.ts";
import type { FormMethod, FormValues, ProviderDefinition } from "../providers/provider.ts";
import { providers } from "../providers/registry.ts";
import type { Connection } from "../wire.ts";
import { connect } from "../sockets.ts";

// A connection by a form: its values are tried at the source, then sealed by the user's object. They are never shown again.

export interface FilledForm {
  definition: ProviderDefinition;
  method: FormMethod;
  values: FormValues;
}

/** The filled-in form, or the sign-in, that the request is. Throws an `AppError` where it makes no sense. */
export function askedFor(
  providerId: string,
  methodId: string | undefined,
  fields: Record<string, string> | undefined,
): FilledForm | Source {
  const definition = providers.get(providerId);
  if (!definition) throw new AppError("connection.unsupported", `There is no provider "${providerId}".`);
  const { methods } = definition;
  const method = methods.find(({ id, type }) =>
    methodId === undefined ? (type === "oauth2") === (fields === undefined) : id === methodId,
  );
  if (!method) throw new AppError("connection.unsupported", `${definition.name} cannot be connected that way.`);
  if (method.type === "oauth2") return { definition, method };
  const problem = formProblem(method, fields ?? {});
  if (problem !== null) throw new AppError("request.invalid", problem);
  return { definition, method, values: fields ?? {} };
}

/** `connectionId`: the connection that is made anew. */
export async function connectByForm(
  c: AppContext<UserEnv>,
  { definition, method, values }: FilledForm,
  connectionId: string | undefined,
): Promise<Connection> {
  const { id: userId, homeShard } = c.var.user;
  const { success } = await c.env.SIGN_IN_LIMIT.limit({ key: `form ${userId}` });
  if (!success)
    throw new AppError("request.rate_limited", "Too many attempts. Wait a minute: many sources lock an account that is tried too often.");
  const account = await tryForm(definition, method, values, c.env, {
    fetch: (input, init) => fetch(input, init),
    connect,
    now: () => Date.now(),
  }).catch((error: unknown) => {
    const { kind, message } = asProviderError(error);
    throw new AppError(REFUSALS[kind] ?? "provider.failed", message, { cause: error });
  });
  const request = {
    provider: definition.id,
    method: method.id,
    account: { id: account.id, label: account.label, email: account.email ?? null },
    scopes: [],
    fields: values,
    homeShard,
    firstSync: false,
    ...(connectionId !== undefined && { connectionId }),
  };
  const begun = Date.now();
  const connection = unwrap(await userObject(c.env, userId).addConnection(request, c.var.requestId));
  const made = Date.parse(connection.createdAt) >= begun;
  await record(c, made ? "connection.made" : "connection.reconnected", { target: connection.id, name: connection.label });
  return connection;
}

const REFUSALS: Partial<Record<ProviderErrorKind, ErrorCode>> = {
  auth: "connection.refused",
  forbidden: "connection.refused",
  unsupported: "connection.unsupported",
  throttled: "request.rate_limited",
};
