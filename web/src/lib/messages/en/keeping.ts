export const keeping = {
  title: "What becomes of what goes",
  follow: "Follow removals",
  followHelp: "What is removed at the source goes to the trash here. Without this, it stays among the files for good.",
  days: "Days in the trash",
  daysHelp: "How long removed files and earlier versions can be taken back. 0: not at all.",
  guardTitle: "When to ask before removing",
  guardHelp: "A drive that is emptied by mistake, or by somebody else, takes nothing here with it: more than this waits for you.",
  count: "More files at once than",
  share: "More of all files than, in percent",
  sentinel: "A path that must be there",
  sentinelHelp: "While nothing is found there, nothing is removed. Empty: none.",
  sentinelPlaceholder: "/Keep this folder",
};
