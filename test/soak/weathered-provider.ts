import { ProviderError } from "../../worker/providers/errors.ts";
import type { ChangePage, OpenedContent, Provider, ProviderDefinition } from "../../worker/providers/provider.ts";
import { weatheredBody } from "./bodies.ts";
import { lifeOf } from "./object.ts";
import { PageWeather } from "./pages.ts";
import type { FaultKind, Weather } from "./weather.ts";

const DAYS_SECONDS = 3 * 86_400;

/** Failures of a call as such, and what the contract calls them. */
const FAILURES: readonly [FaultKind, () => ProviderError][] = [
  ["source.throttled", () => new ProviderError("throttled", "Too many requests.", { status: 429, retryAfterSeconds: 20 })],
  ["source.throttled_silently", () => new ProviderError("throttled", "Too many requests.", { status: 429 })],
  [
    "source.throttled_for_days",
    () => new ProviderError("throttled", "Too many requests.", { status: 429, retryAfterSeconds: DAYS_SECONDS }),
  ],
  ["source.transient", () => new ProviderError("transient", "The service is not available.", { status: 503 })],
  ["source.timed_out", () => new ProviderError("transient", "The gateway did not receive an answer in time.", { status: 504 })],
  ["source.not_found", () => new ProviderError("not_found", "Item does not exist.", { status: 404 })],
  ["source.forbidden", () => new ProviderError("forbidden", "Access denied.", { status: 403 })],
  ["source.answer_without_sense", () => new ProviderError("fatal", "The answer makes no sense.", { status: 200 })],
];

/** A provider whose calls may end their caller's life. */
export function mortalProvider(definition: ProviderDefinition): ProviderDefinition {
  return {
    ...definition,
    create: (env, context) => {
      const provider = definition.create(env, context);
      const life = lifeOf(env);
      return life ? callEach(provider, (_method, call) => life.through(call)) : provider;
    },
  };
}

/**
 * A provider that fails as sources do: in its calls, its pages and its bodies. `restart` is its own cursor of an
 * enumeration from the beginning.
 */
export function weatheredProvider(definition: ProviderDefinition, weather: Weather, restart: string): ProviderDefinition {
  const pages = new PageWeather(weather, restart);
  return {
    ...definition,
    create: (env, context) => {
      const provider = definition.create(env, context);
      const failing = callEach(provider, async (_method, call) => {
        const failure = FAILURES.find(([kind]) => weather.strikes(kind));
        if (failure) throw failure[1]();
        return call();
      });
      return {
        ...failing,
        // What is never told is found by a reconcile, which need not take a month here.
        facts: { ...provider.facts, reconcileDays: 1 },
        changes: (feedId, cursor): Promise<ChangePage> => pages.page((inner) => failing.changes(feedId, inner), cursor),
        open: async (content, options): Promise<OpenedContent> => {
          if (weather.strikes("source.address_expired"))
            throw new ProviderError("expired_url", "The address has expired.", { status: 401 });
          const ignored = options?.range !== undefined && weather.strikes("source.range_ignored");
          const { range: _range, ...whole } = options ?? {};
          return weatheredBody(await failing.open(content, ignored ? whole : options), weather);
        },
      };
    },
  };
}

type Around = <T>(method: string, call: () => Promise<T>) => Promise<T>;

function callEach(provider: Provider, around: Around): Provider {
  const { webhook } = provider;
  const renew = webhook?.renew;
  return {
    facts: provider.facts,
    account: () => around("account", () => provider.account()),
    feeds: () => around("feeds", () => provider.feeds()),
    changes: (feedId, cursor) => around("changes", () => provider.changes(feedId, cursor)),
    open: (content, options) => around("open", () => provider.open(content, options)),
    lookup: (feedId, ids) => around("lookup", () => provider.lookup(feedId, ids)),
    ...(webhook && {
      webhook: {
        lifetimeSeconds: webhook.lifetimeSeconds,
        subscribe: (request) => around("subscribe", () => webhook.subscribe(request)),
        ...(renew && { renew: (id, expiresAt) => around("renew", () => renew(id, expiresAt)) }),
        unsubscribe: (id) => around("unsubscribe", () => webhook.unsubscribe(id)),
      },
    }),
  };
}
