import type { Provider } from "../../worker/providers/provider.ts";

/** The provider, with some of it replaced. */
export function overridden(real: Provider, own: Partial<Provider>): Provider {
  return {
    facts: real.facts,
    account: () => real.account(),
    feeds: (...given) => real.feeds(...given),
    changes: (...given) => real.changes(...given),
    lookup: (...given) => real.lookup(...given),
    open: (...given) => real.open(...given),
    ...(real.browse && { browse: real.browse }),
    ...(real.webhook && { webhook: real.webhook }),
    ...own,
  };
}
