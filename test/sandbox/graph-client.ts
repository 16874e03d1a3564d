import { Client, type Context, type Middleware, PageIterator, type PageCollection } from "@microsoft/microsoft-graph-client";
import { type clientOf, SCOPE } from "./sandbox-client.ts";

/** Microsoft's own client, unchanged, whose requests to graph.microsoft.com end in the sandbox. */
export async function sdkFor(client: ReturnType<typeof clientOf>, account: string, scope = SCOPE): Promise<Client> {
  const { access_token: token } = await client.signIn(account, scope);
  const authenticate: Middleware & { next?: Middleware } = {
    execute: async (context: Context) => {
      const headers = new Headers(context.options?.headers as HeadersInit);
      headers.set("Authorization", `Bearer ${token}`);
      context.options = { ...context.options, headers };
      await authenticate.next?.execute(context);
    },
    setNext: (next) => {
      authenticate.next = next;
    },
  };
  const send: Middleware = {
    execute: async (context: Context) => {
      context.response = await client.request(context.request, context.options as RequestInit);
      // As its redirect handler does: followed by hand, without the authorization.
      const location = context.response.headers.get("location");
      if (context.response.status === 302 && location !== null) context.response = await client.request(location);
    },
  };
  return Client.initWithMiddleware({ middleware: [authenticate, send] });
}

/** Every page of a list, as its iterator reads them. */
export async function walk<T>(sdk: Client, from: string): Promise<{ items: T[]; deltaLink: string }> {
  const items: T[] = [];
  const iterator = new PageIterator(sdk, (await sdk.api(from).get()) as PageCollection, (item: T) => {
    items.push(item);
    return true;
  });
  await iterator.iterate();
  return { items, deltaLink: iterator.getDeltaLink() ?? "" };
}
