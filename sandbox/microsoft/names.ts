import type { DriveRules } from "../drives/names.ts";

const NAME_LENGTH_MAX = 255;
const PATH_LENGTH_MAX = 400;
const FORBIDDEN = /["*:<>?/\\|]|\p{Cc}/u;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d|desktop\.ini|\.lock)$/i;

/** Names in a OneDrive differ by more than case. */
export const ONEDRIVE_RULES: DriveRules = {
  product: "OneDrive",
  nameProblem,
  pathLengthMax: PATH_LENGTH_MAX,
  caseSensitive: false,
  namesakes: false,
};

function nameProblem(name: string): string | undefined {
  if (name === "") return "an empty name";
  if (name.length > NAME_LENGTH_MAX) return `a name longer than ${NAME_LENGTH_MAX} characters`;
  if (FORBIDDEN.test(name)) return 'one of " * : < > ? / \\ | or a control character in its name';
  if (/^ |[. ]$/.test(name)) return "a name that begins with a space, or ends with a space or a dot";
  if (RESERVED.test(name) || name.includes("_vti_") || name.startsWith("~$")) return "a reserved name";
  return undefined;
}
