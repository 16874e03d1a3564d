export const missing = {
  title: "Not found",
  heading: "No such page above or below the waterline",
  text: "The address may be mistyped, or what it led to was deleted.",
  toOverview: "To the overview",
  open: "Open Tidemark",
};
