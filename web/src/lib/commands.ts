// What the command palette offers. Each source of commands is a function of `SOURCES`. Dependencies are arguments.
import type { Api } from "./api.ts";
import { m } from "./messages.ts";
import { filesUrl, places } from "./navigation.ts";
import type { Connection, Sync, SyncStatus } from "./wire.ts";
import type { IconName } from "./ui/icons.ts";

export interface Command {
  /** Unique among all commands. */
  id: string;
  group: string;
  label: string;
  icon: IconName;
  /** Keys that do the same. */
  keys?: readonly string[];
  run: () => unknown;
}

export interface CommandContext {
  api: Api;
  admin: boolean;
  statuses: ReadonlyMap<string, SyncStatus>;
  goto: (href: string) => unknown;
  /** Does it, and says what came of it. */
  act: (name: string, action: () => Promise<unknown>, done: string) => unknown;
  reconnect: (connection: Connection) => unknown;
  toggleTheme: () => void;
  signOut: () => unknown;
}

/** What is shorter is in the names of half the files. */
const SEARCHED_CHARACTERS_MIN = 2;
const FOUND_MAX = 6;

/** In the order that they are shown in. `query` is what is typed; what a source answers is narrowed by it in the palette. */
const SOURCES: readonly ((query: string, context: CommandContext) => Promise<Command[]>)[] = [
  (_query, context) => Promise.resolve(pageCommands(context)),
  async (_query, context) => (await context.api.syncs()).items.flatMap((sync) => syncCommands(sync, context)),
  async (_query, context) => (await context.api.connections()).items.flatMap((connection) => connectionCommands(connection, context)),
  fileCommands,
];

/** Every source's commands; one that does not answer has none. */
export async function commandsFor(query: string, context: CommandContext): Promise<Command[]> {
  const answers = await Promise.allSettled(SOURCES.map((source) => source(query, context)));
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
}

/** Those that need no answer of the server. */
export function pageCommands({ admin, goto, toggleTheme, signOut }: CommandContext): Command[] {
  const words = m.palette;
  return [
    ...places(admin).map(({ href, label, icon, key }) => ({
      id: href,
      group: words.pages,
      label,
      icon,
      keys: ["G", key.toUpperCase()],
      run: () => goto(href),
    })),
    { id: "add", group: words.actions, label: words.addSource, icon: "plus", run: () => goto("/app/sources/new") },
    { id: "theme", group: words.actions, label: words.theme, icon: "moon", run: toggleTheme },
    { id: "out", group: words.actions, label: words.signOut, icon: "user", run: signOut },
  ];
}

export function syncCommands(sync: Pick<Sync, "id" | "name" | "status">, context: CommandContext): Command[] {
  const { api, goto, act } = context;
  const words = m.palette;
  const { id, name } = sync;
  const live = context.statuses.get(id);
  const status = live?.status ?? sync.status;
  if (status === "deleting") return [];
  const running = live !== undefined && live.activeRun !== null;
  const does = (what: string, label: string, icon: IconName, action: () => Promise<unknown>, done: string): Command => ({
    id: `${what} ${id}`,
    group: words.syncs,
    label,
    icon,
    run: () => act(`${what} ${id}`, action, done),
  });
  return [
    { id: `open ${id}`, group: words.syncs, label: words.openSync(name), icon: "waves", run: () => goto(`/app/syncs/${id}`) },
    { id: `files ${id}`, group: words.syncs, label: words.browse(name), icon: "folder", run: () => goto(`/app/syncs/${id}/files`) },
    ...(status === "paused"
      ? [does("resume", words.resume(name), "play", () => api.resume(id), words.resumed)]
      : [
          running
            ? does("cancel", words.cancel(name), "stop", () => api.cancel(id), words.cancelled)
            : does("run", words.run(name), "refresh", () => api.run(id, false), words.running),
          does("pause", words.pause(name), "pause", () => api.pause(id), words.paused),
        ]),
  ];
}

function connectionCommands(connection: Connection, { goto, reconnect }: CommandContext): Command[] {
  const words = m.palette;
  const { id, label, status } = connection;
  if (status === "active") {
    const run = () => goto(`/app/sources/${id}/choose`);
    return [{ id: `choose ${id}`, group: words.connections, label: words.choose(label), icon: "folder", run }];
  }
  const run = () => reconnect(connection);
  return [{ id: `reconnect ${id}`, group: words.connections, label: words.reconnect(label), icon: "refresh", run }];
}

/** Of what is typed: the files and folders that are called so, and the page that has all of them. */
async function fileCommands(query: string, { api, goto }: CommandContext): Promise<Command[]> {
  const q = query.trim();
  if (q.length < SEARCHED_CHARACTERS_MIN) return [];
  const { files: group, searchFiles } = m.palette;
  const { items } = await api.search({ q, cursor: null, limit: FOUND_MAX });
  return [
    ...items.map((item): Command => {
      const icon = item.kind === "folder" ? "folder" : "file";
      return { id: `item ${item.id}`, group, label: item.path, icon, run: () => goto(filesUrl(item)) };
    }),
    { id: "search", group, label: searchFiles(q), icon: "search", run: () => goto(`/app/files?q=${encodeURIComponent(q)}`) },
  ];
}
