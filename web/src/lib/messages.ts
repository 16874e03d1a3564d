/** The texts of the app, in the reader's language. A second language is one more file of the shape of `en`. */
export * as m from "./messages/en.ts";
