const NAME_LENGTH_MAX = 255;
export const PATH_LENGTH_MAX = 400;
const FORBIDDEN = /["*:<>?/\\|]|\p{Cc}/u;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d|desktop\.ini|\.lock)$/i;

/** Why OneDrive would refuse a name, or undefined where it takes it. */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "an empty name";
  if (name.length > NAME_LENGTH_MAX) return `a name longer than ${NAME_LENGTH_MAX} characters`;
  if (FORBIDDEN.test(name)) return 'one of " * : < > ? / \\ | or a control character in its name';
  if (/^ |[. ]$/.test(name)) return "a name that begins with a space, or ends with a space or a dot";
  if (RESERVED.test(name) || name.includes("_vti_") || name.startsWith("~$")) return "a reserved name";
  return undefined;
}

/** The names of a path as control calls write it: from the root, the leading slash optional. */
export function splitPath(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}
