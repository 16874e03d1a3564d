const ROWS_MAX = 10_000;

type RouteCount = { host: string; method: string; route: string; status: number; count: number; bytes: number };
type Row = RouteCount & { account: string | undefined; batched: boolean };

export type RequestLog = {
  /** Notes an answered request; the function returned adds bytes of its body as they leave. */
  note: (request: Pick<Row, "host" | "method" | "route" | "status" | "account" | "batched">) => (bytes: number) => void;
  /** Requests by route; `batched` are the parts of batches, which are no requests of their own. */
  summary: (account?: string) => { total: number; routes: RouteCount[]; batched: RouteCount[] };
  clear: (account?: string) => void;
};

/** Counts what vendors were asked for. */
export function createRequestLog(): RequestLog {
  const rows = new Map<string, Row>();
  const sum = (chosen: Row[]): RouteCount[] => {
    const sums = new Map<string, RouteCount>();
    for (const { account: _account, batched: _batched, ...row } of chosen) {
      const key = `${row.host} ${row.method} ${row.route} ${row.status}`;
      const before = sums.get(key);
      sums.set(key, before === undefined ? row : { ...before, count: before.count + row.count, bytes: before.bytes + row.bytes });
    }
    return [...sums.values()];
  };
  return {
    note: (request) => {
      const key = JSON.stringify(Object.values(request));
      let row = rows.get(key);
      if (row === undefined && rows.size < ROWS_MAX) rows.set(key, (row = { ...request, count: 0, bytes: 0 }));
      if (row !== undefined) row.count += 1;
      return (bytes) => {
        if (row !== undefined) row.bytes += bytes;
      };
    },
    summary: (account) => {
      const chosen = [...rows.values()].filter((row) => account === undefined || row.account === account);
      const routes = sum(chosen.filter((row) => !row.batched));
      return { total: routes.reduce((total, row) => total + row.count, 0), routes, batched: sum(chosen.filter((row) => row.batched)) };
    },
    clear: (account) => {
      for (const [key, row] of rows) if (account === undefined || row.account === account) rows.delete(key);
    },
  };
}
