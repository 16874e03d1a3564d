export const broken = {
  title: "Something went wrong",
  text: "The page could not be shown.",
  again: "Try again",
};
