/** Of a connection whose sign-in is no longer accepted. */
export const reconnect = {
  title: (label: string) => `${label} needs reconnecting`,
  text: "The source no longer accepts the sign-in; a changed password or a withdrawn permission does that. Nothing is lost: sign in once more, and it goes on where it was.",
  action: "Reconnect",
};
