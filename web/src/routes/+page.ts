// Read once and left again: it loads no script. The Worker fills in what depends on its reader (worker/routes/landing.ts).
export const prerender = true;
export const csr = false;
