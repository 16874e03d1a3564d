/** Of what is on every page. */
export const ui = {
  notes: "Notes",
  close: "Close",
  request: (id: string) => `Request ${id}`,
  unreadable: (status: number) => `The server answered with status ${status}.`,
  noAnswer: "Tidemark did not answer.",
  offline: "This device is offline.",
  where: "Where this is",
};
