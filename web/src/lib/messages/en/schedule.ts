export const schedule = {
  contentHelp: "With their content, and earlier versions for as long as you set.",
  announced: "Changes that the source announces arrive within seconds anyway; this is for those it forgets.",
  notAnnounced: "The source announces no changes to this connection: they are found when it is looked at.",
  announcedBy: (source: string) => `Changes that ${source} announces arrive within seconds anyway; this is for those it forgets.`,
  notAnnouncedBy: (source: string) => `${source} announces no changes to this connection: they are found when it is looked at.`,
  manualAnnounced: "Changes that the source announces still arrive. All others wait until you ask.",
  manual: "The source announces no changes to this connection: all wait until you ask.",
};
