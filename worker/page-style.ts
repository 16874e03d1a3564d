/** The look of the few pages that the Worker makes itself. They load nothing. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
main { max-width: 32rem; padding: 2rem 1.5rem; }
main.wide { width: min(60rem, 100%); max-width: 60rem; box-sizing: border-box; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .75rem; }
p { margin: 0 0 1.5rem; overflow-wrap: anywhere; }
a { color: LinkText; }
a.action { display: inline-block; margin-right: 1rem; padding: .6rem 1rem; border-radius: .5rem; background: #0f766e; color: #fff; text-decoration: none; }
a:focus-visible, summary:focus-visible { outline: 3px solid #14b8a6; outline-offset: 2px; }
small { display: block; margin-top: 2rem; opacity: .7; }
details { margin: 0 0 .5rem; }
pre { overflow-x: auto; }`;
