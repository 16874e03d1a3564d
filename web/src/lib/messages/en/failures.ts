export const failures = {
  causes: "Why files could not be stored",
  notByItself: "Not tried again until they change, or you ask for it.",
  next: "The first is tried again",
};
