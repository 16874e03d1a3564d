// What cannot wait for the app's scripts. Storage may be blocked: then nothing is remembered.
const { documentElement } = document;

// The chosen theme. Without a choice the system's preference holds.
const theme = remembered("theme");
if (theme === "light" || theme === "dark") documentElement.dataset.theme = theme;

if (location.pathname.startsWith("/app")) {
  // How many sources the overview had: it keeps as much room for them until they are there.
  const sources = Number(remembered("sources"));
  if (sources >= 1) documentElement.style.setProperty("--sources", String(sources));

  // A browser's first formatter takes it 50 ms, whatever it formats, and so do its first time and its first comparison of
  // names together: made now, while styles and scripts are still under way.
  setTimeout(() => {
    const language = navigator.languages.find((each) => /^en(-|$)/.test(each)) ?? "en-GB";
    new Intl.NumberFormat(language).format(0);
    new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }).format(0);
    "a".localeCompare("b");
  });
}

function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
