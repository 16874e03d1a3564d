import { formatBytes } from "../../format.ts";

/** Of one connection, and of what came of testing it. */
export const connection = {
  account: (provider: string, email: string | null) => `${provider}${email === null ? "" : `, ${email}`}.`,
  checked: "Access checked",
  reconnect: "Reconnect",
  choose: "Choose folders",
  test: "Test",
  rename: "Rename",
  disconnect: "Disconnect",
  disconnectAsk: "Disconnect…",
  renameTitle: "Rename this connection",
  name: "Name",
  nameHelp: "Only for you: nothing changes at the source.",
  cancel: "Cancel",
  renamed: "Renamed.",
  disconnectTitle: (label: string) => `Disconnect ${label}?`,
  disconnectText: (provider: string) =>
    `Tidemark forgets the permission to read this ${provider}, and nothing new arrives. Everything that was copied stays here and stays readable, until you delete its sync. You can connect the same account again at any time.`,
  stay: "Stay connected",
  disconnected: "Disconnected. The copies stay.",
  works: "It works.",
  worksPartly: "Not all of it works.",
  checkWorks: "Works:",
  checkFails: "Does not work:",
  used: (bytes: number) => `${formatBytes(bytes)} in use there.`,
};
