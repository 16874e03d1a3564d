/** Of what asks before it does something. */
export const confirm = {
  type: (what: string) => `Type “${what}” to confirm`,
  keep: "Keep it",
};
