/** Of what is on every page. */
export const ui = {
  notes: "Notes",
  close: "Close",
  request: (id: string) => `Request ${id}`,
  where: "Where this is",
};
