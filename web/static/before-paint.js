// The chosen theme, before the first paint. Without a choice the system's preference holds.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be blocked; the system's preference holds then.
}
