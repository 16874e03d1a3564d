export const failures = {
  retry: "Try these again",
  retryWhat: (cause: string) => `Try the files again that failed for this cause: ${cause}`,
  retried: "Trying these again.",
  causes: "Why files could not be stored",
  notByItself: "Not tried again until they change, or you ask for it.",
  next: "The first is tried again",
};
