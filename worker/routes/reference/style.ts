/** What the reference adds to the look of the Worker's pages. */
export const REFERENCE_STYLE = `
body { display: block; place-items: normal; }
main.reference { width: auto; min-width: 0; margin: 0; padding: 0 0 4rem; background: none; border: 0; border-radius: 0; }
.shell { max-width: 84rem; margin: 0 auto; padding: 0 1rem; }
code, pre { font-family: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "Liberation Mono", monospace; font-size: .86em; }
header { padding: 2.5rem 0 1.5rem; max-width: 48rem; }
header p { margin-bottom: .75rem; }
nav summary { padding: .75rem 0; font-weight: 600; cursor: pointer; }
nav h2 { margin: 1.1rem 0 .3rem; font-size: .82rem; color: var(--muted); font-weight: 600; }
nav ul { list-style: none; margin: 0; padding: 0; font-size: .86rem; }
nav a { display: flex; gap: .5rem; align-items: baseline; padding: .2rem .4rem; color: inherit; text-decoration: none; border-radius: .3rem; overflow-wrap: anywhere; }
nav a:hover { background: var(--sunken); color: var(--tide); }
nav a:focus-visible { outline-offset: -2px; }
.method { flex: none; min-width: 3.4rem; font: 600 .72rem/1.6 ui-monospace, Menlo, Consolas, monospace; color: var(--tide); }
.method.post, .method.patch { color: var(--warn); }
.method.delete { color: var(--bad); }
.resource > h2 { margin: 3rem 0 .5rem; font: 600 1.5rem/1.3 "Iowan Old Style", "Palatino Linotype", Palatino, P052, Georgia, "Liberation Serif", serif; }
article { margin: 0 0 1rem; padding: 1.1rem 1.25rem 1.25rem; background: var(--surface); border: 1px solid var(--line); border-radius: .75rem; scroll-margin-top: 1rem; min-width: 0; }
article:target { border-color: var(--tide); box-shadow: 0 0 0 1px var(--tide); }
article h3 { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; margin: 0 0 .25rem; font-size: 1rem; overflow-wrap: anywhere; }
article h3 a { color: inherit; text-decoration: none; }
article h3 a:hover { text-decoration: underline; }
article h4 { margin: 1rem 0 .25rem; font-size: .86rem; color: var(--muted); font-weight: 600; }
article p { margin: 0 0 .35rem; }
.scope { margin-left: auto; padding: 0 .5rem; border: 1px solid var(--line); border-radius: 1rem; color: var(--muted); font-size: .78rem; font-weight: 400; white-space: nowrap; }
.table { position: relative; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .88rem; }
th, td { padding: .35rem .75rem .35rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 500; white-space: nowrap; }
thead th { border: 0; color: var(--muted); font-size: .8rem; }
td.notes { color: var(--muted); }
.required { color: var(--muted); font-size: .78rem; white-space: nowrap; }
pre { margin: .25rem 0 0; padding: .75rem .9rem; overflow-x: auto; background: var(--sunken); border-radius: .5rem; line-height: 1.5; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
:root { --sunken: light-dark(#e9f0ef, #0d1b22); --warn: light-dark(#7d4b00, #f2c06a); --bad: light-dark(#a02c1b, #ffa392); }
@media (min-width: 60rem) {
  .shell { display: grid; grid-template-columns: 18rem minmax(0, 1fr); gap: 0 2.5rem; }
  nav { position: sticky; top: 0; max-height: 100dvh; overflow-y: auto; padding: 2rem 0; box-sizing: border-box; }
  nav summary { display: none; }
}
@media (max-width: 60rem) { nav { max-height: 45dvh; overflow-y: auto; margin-top: 1rem; padding: 0 .75rem; border: 1px solid var(--line); border-radius: .75rem; } }
@media (max-width: 40rem) { article { padding: .9rem; } td.notes:empty { padding: 0; } }`;
