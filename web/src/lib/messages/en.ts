/** Everything that the app says, in English. What depends on a value is a function of it. */
export const en = {
  shell: {
    skipToContent: "Skip to the content",
    mainNavigation: "Main",
    overview: "Overview",
    account: "Account",
  },
};
