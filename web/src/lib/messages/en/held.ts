import { formatBytes, formatNumberOf } from "../../format.ts";

export const held = {
  what: "What is held",
  title: "Waits for your decision",
  intro:
    "Nothing is removed until you say so. If the source really lost it, remove it here too; it stays restorable for the sync’s retention time. If not, keep it.",
  keepAll: "Keep all",
  removeAll: "Remove all",
  keepChosen: (folders: number) => `Keep ${formatNumberOf(folders, "folder")}`,
  removeChosen: (folders: number) => `Remove ${formatNumberOf(folders, "folder")}`,
  all: "All folders",
  chosen: (files: number, bytes: number) => `${formatNumberOf(files, "file")}, ${formatBytes(bytes)} chosen`,
  confirm: (files: number) => `Remove ${formatNumberOf(files, "file")}?`,
  confirmText: "They leave the copy here, as they left the source, and stay restorable for the sync’s retention time.",
  cancel: "Not now",
  remove: "Remove",
  removing: "Removing it. It stays restorable for a while.",
  stays: "It stays.",
  decided: "So much would have been removed that a decision was asked for. It was made.",
  more: "There are more folders; they follow as these are decided.",
};
