export const shortcuts = {
  title: "Keyboard shortcuts",
  palette: "Search and commands",
  help: "This list",
  go: (page: string) => `Go to ${page}`,
  lists: "In lists of files",
  move: "Move by one",
  open: "Open",
  up: "One folder up",
  details: "Details",
};
