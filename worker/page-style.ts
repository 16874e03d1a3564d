/** The look of the few pages that the Worker makes itself: the web app's colours, and nothing to load. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark; font: 16px/1.6 -apple-system, "Segoe UI", Inter, Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif;
  --paper: light-dark(#f4f8f7, #0a161c); --surface: light-dark(#fff, #10212a); --line: light-dark(#d3dfdd, #21363f);
  --ink: light-dark(#0f262e, #e7f0ef); --muted: light-dark(#475e65, #9fb5b9);
  --tide: light-dark(#0a6a71, #62d3c8); --on-tide: light-dark(#fff, #04201f);
}
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; background: var(--paper); color: var(--ink); }
main {
  box-sizing: border-box; width: min(34rem, 100% - 2rem); margin: 2rem 0; padding: 2.25rem 2rem;
  background: var(--surface); border: 1px solid var(--line); border-top: 4px solid var(--tide); border-radius: .9rem;
}
h1 {
  margin: 0 0 .75rem; font: 600 1.75rem/1.25 "Iowan Old Style", "Palatino Linotype", Palatino, P052, "Book Antiqua", Georgia, "Liberation Serif", serif;
}
p { margin: 0 0 1.75rem; overflow-wrap: anywhere; }
a { color: var(--tide); text-underline-offset: .2em; }
button { font: inherit; border: 0; cursor: pointer; }
.action { display: inline-block; margin-right: 1rem; padding: .6rem 1.1rem; border-radius: .5rem; background: var(--tide); color: var(--on-tide); text-decoration: none; }
a:focus-visible, button:focus-visible, summary:focus-visible { outline: 3px solid var(--tide); outline-offset: 3px; }
footer { display: flex; gap: 1.25rem; margin-top: 1.5rem; font-size: .875rem; }
small { display: block; margin-top: 2rem; color: var(--muted); overflow-wrap: anywhere; }`;
