/** Of a provider's options as fields. */
export const options = {
  unset: "As usual",
};
