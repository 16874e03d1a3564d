/** Of what could not be loaded: `what` is that, as "The overview". */
export const error = {
  signedOut: "You are signed out",
  notHere: (what: string) => `${what} is not here`,
  noConnection: "No connection to Tidemark",
  notLoaded: (what: string) => `${what} could not be loaded`,
  missing: "It may have been deleted, or it belongs to another account.",
  signIn: "Sign in again",
  toOverview: "To the overview",
  again: "Try again",
};
