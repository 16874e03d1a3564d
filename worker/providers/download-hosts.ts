/** Whether downloads may come from there: a listed host or one below it, over HTTPS; or, with its port, exactly the listed one. */
export function isDownloadHost(address: string, hosts: string): boolean {
  const url = URL.parse(address);
  if (!url || url.username !== "" || url.password !== "") return false;
  return hosts.split(",").some((entry) => {
    const host = entry.trim().toLowerCase();
    if (host === "") return false;
    if (host.includes(":")) return url.host === host;
    return url.protocol === "https:" && url.port === "" && (url.hostname === host || url.hostname.endsWith(`.${host}`));
  });
}
