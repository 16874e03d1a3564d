export const landing = {
  title: "Tidemark – your files, kept exactly",
  description: "Tidemark keeps an exact, current, provable copy of the files that you have in clouds you do not control.",
  heading: "Your files, as they stand at this moment.",
  intro:
    "Tidemark keeps an exact, current, provable copy of what you have in OneDrive, Google Drive and other clouds, in storage outside of them. Sign in once; from then on it follows by itself.",
  continueWith: (authority: string) => `Continue with ${authority}`,
  open: "Open Tidemark",
  readOnly: "Read access only. Nothing at the source is ever changed.",
  asked: "Sign in, and you are back where you were going.",
  endedTitle: "Your session has ended",
  endedText: "Syncs went on without you. Sign in again, and you are back where you were.",
  picture: "The overview of Tidemark: how much is safe, each source with its state, and the storage over time.",
  marks: [
    {
      title: "Exact",
      text: "A file counts as stored only once all its bytes have come, and agree with the hash that the source gives, where it gives one. A copy is known by its id: a renamed folder is one small write, and nothing is copied twice.",
    },
    {
      title: "Current",
      text: "Where a source announces changes, they are here within seconds. The others are looked at as often as you like. What was removed stays restorable, and most of a drive going at once waits for your word.",
    },
    {
      title: "Provable",
      text: "Every stored file has a SHA-256, and every run ends with a signed receipt over all of them that you can check without Tidemark. What could not be stored has a reason, a next attempt, and a button.",
    },
  ],
  sourcesTitle: "What it follows",
  sources: [
    "OneDrive",
    "SharePoint",
    "Google Drive",
    "Dropbox",
    "Confluence",
    "Jira",
    "Autodesk Construction Cloud",
    "Nextcloud and WebDAV",
    "Mail by IMAP",
  ],
  questionsTitle: "Before you sign in",
  questions: [
    {
      question: "What may Tidemark do with my files?",
      answer: "Read them, and your name and address to greet you. It never writes, moves or deletes anything at a source.",
    },
    {
      question: "Where do the copies live?",
      answer:
        "In the Cloudflare account of whoever runs this installation. The permission to read is kept encrypted; disconnecting destroys it, and the copies stay readable.",
    },
    {
      question: "What is left out?",
      answer:
        "What a source does not hand out as a file: notebooks, shortcuts to other people’s drives, vaults, files marked as malware. Each is listed by name, with that reason.",
    },
  ],
};
