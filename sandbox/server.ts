import { createAdaptorServer, type ServerType } from "@hono/node-server";
import { createSandbox, type SandboxOptions } from "./app.ts";

export type RunningSandbox = { url: string; close: () => Promise<void> };

/** Serves the sandbox on a port of this machine only, under both of localhost's addresses. A port that is taken is an error that says so. */
export async function startSandbox(options: SandboxOptions & { port: number }): Promise<RunningSandbox> {
  const { port, ...rest } = options;
  const sandbox = await createSandbox(rest);
  const server = createAdaptorServer({ fetch: sandbox.app.fetch, overrideGlobalObjects: false });
  const secondServer = createAdaptorServer({ fetch: sandbox.app.fetch, overrideGlobalObjects: false });
  const servers = [server, secondServer];
  const close = async (): Promise<void> => {
    await Promise.all(servers.filter((one) => one.listening).map(closeServer));
    await sandbox.close();
  };
  try {
    await listen(server, port, "127.0.0.1");
    const address = server.address();
    const actual = typeof address === "object" && address !== null ? address.port : port;
    await listen(secondServer, actual, "::1").catch(unlessWithoutIpv6);
    return { url: `http://localhost:${actual}`, close };
  } catch (error) {
    await close();
    if (!isSystemError(error, "EADDRINUSE")) throw error;
    throw new Error(`Port ${port} is in use: stop what listens there, or set SANDBOX_PORT to another one.`, { cause: error });
  }
}

function listen(server: ServerType, port: number, host: string): Promise<void> {
  return new Promise((started, failed) => {
    server.once("error", failed);
    server.listen(port, host, started);
  });
}

function closeServer(server: ServerType): Promise<void> {
  return new Promise((stopped) => {
    server.close(() => stopped());
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
}

function unlessWithoutIpv6(error: unknown): void {
  if (!isSystemError(error, "EADDRNOTAVAIL") && !isSystemError(error, "EAFNOSUPPORT")) throw error;
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
