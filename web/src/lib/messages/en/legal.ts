export const legal = {
  privacy: "Privacy",
  terms: "Terms",
  footer: "Public pages",
  home: "Start page",
  operator: "[name of the operator]",
  contact: "[address of the operator’s support]",
  pending: "The operator of this installation has not filled in this page yet: what stands in brackets is to come.",
  updated: "Last changed with the version of Tidemark that is installed here.",
  privacyTitle: "What Tidemark keeps of you",
  termsTitle: "Terms of use",
  privacySections: (operator: string) => [
    {
      heading: "Who is responsible",
      paragraphs: [
        `This installation of Tidemark is run by ${operator}, who decides what it is used for and who may use it. It runs on the platform of Cloudflare, in the operator’s account.`,
      ],
    },
    {
      heading: "What is kept",
      paragraphs: [
        "Of you: the name, the address and the account’s id that you sign in with; the browsers that are signed in, by a hash of their cookie; the tokens that you make for programs, by a hash.",
        "Of your sources: names, sizes, dates and contents of the files that you choose to keep, earlier contents for as long as you set, and what each run did. Permissions to read are kept encrypted, each under a key of its own.",
        "In the logs: that something was asked for, when, and whether it worked. No contents of files, and no secrets.",
      ],
    },
    {
      heading: "What it is for",
      paragraphs: [
        "To keep a copy of your files for you, and to show it to you. Nothing is sold, given to advertisers, or used to train models. What Tidemark receives from Google’s APIs is used and passed on only as the Google API Services User Data Policy, with its Limited Use requirements, allows.",
      ],
    },
    {
      heading: "Who sees it",
      paragraphs: [
        "You, and programs that you give a token. The operator can reach what is stored, as with anything that they run. Cloudflare stores and processes it for the operator.",
      ],
    },
    {
      heading: "Cookies",
      paragraphs: ["One, that says who is signed in, and one for some minutes while you sign in. There are no others, and no trackers."],
    },
    {
      heading: "How long, and how to have it erased",
      paragraphs: [
        "Copies stay until you delete their sync; earlier contents and removed files until their time is over. Disconnecting a source destroys the permission to read it. Deleting your account erases everything that is kept of you. You may ask the operator what is kept, have it corrected, and complain to the authority that supervises them.",
      ],
    },
  ],
  termsSections: (operator: string) => [
    {
      heading: "What this is",
      paragraphs: [
        `Tidemark keeps copies of files that you have elsewhere. This installation is offered by ${operator}; these terms are between them and you.`,
      ],
    },
    {
      heading: "What you may do",
      paragraphs: [
        "Connect only what you are allowed to copy. Keep to the terms of the sources that you connect, and to the law. Keep your sign-in and your tokens to yourself.",
      ],
    },
    {
      heading: "What you can expect",
      paragraphs: [
        "Tidemark reads, and never changes anything at a source. It says what it could not keep, and why. A copy is one more copy, and does not take the place of the original.",
        "The service comes as it is. The operator may limit how much is kept, pause it for maintenance, or end it; they say so beforehand where they can, so that you can take your copies home.",
      ],
    },
    {
      heading: "How it ends",
      paragraphs: ["You may stop at any time, by deleting your syncs or your account. Whoever misuses the service may be shut out."],
    },
  ],
  contactHeading: "Whom to write to",
  contactText: "Questions, and requests about what is kept of you:",
};
