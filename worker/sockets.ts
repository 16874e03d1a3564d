/** How connections that speak no HTTP leave: given to providers beside `fetch`. */
export { connect } from "cloudflare:sockets";
