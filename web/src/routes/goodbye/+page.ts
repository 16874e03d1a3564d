// There is nobody left whose page it could be: it loads no script.
export const prerender = true;
export const csr = false;
