import { png } from "../../drives/formats/media.ts";
import { bullets, code, document, heading, panel, paragraph, picture, table, tasks, text } from "./adf.ts";
import type { Op } from "./control.ts";
import { choiceOf, PRIORITIES, STATUSES, TYPES } from "./fields.ts";

/** What the first people's Jira begins with: a harbour and its website. */
export function starterOps(): Op[] {
  return [
    { op: "project", key: "HAR", name: "Harbour works" },
    { op: "project", key: "WEB", name: "Website" },
    issue("HAR", "Crane 2 groans when it turns to port", "Bug", "In Progress", "High", {
      labels: ["crane", "noise"],
      customfield_10031: { value: "North quay" },
      customfield_10030: document(bullets("The crane turns without a sound", "Nobody has to shout")),
      description: document(
        heading(1, "What happens"),
        paragraph(
          "From about ",
          text("30°", "strong"),
          " on there is a ",
          text("deep", "em"),
          " groan. It was heard on ",
          text("Ærø", "strong", "em"),
          ".",
        ),
        tasks(["Grease the slewing ring", true], ["Measure the play", false]),
        panel("warning", paragraph("Nobody below the jib while it turns.")),
        table(["Load", "Sound"], ["2 t", "none"], ["8 t", "a groan"]),
        picture("crane.png"),
      ),
    }),
    { op: "attach", issue: "HAR-1", name: "measurements.csv", bytes: "angle;load;sound\n10;2;none\n30;8;groan\n" },
    { op: "attach", issue: "HAR-1", name: "crane.png", bytes: png(320, 200, 2) },
    { op: "comment", issue: "HAR-1", body: "Heard it as well, at low tide.\n\nIt stops when the load is set down." },
    {
      op: "comment",
      issue: "HAR-1",
      body: document(paragraph("Try ", text("slew --slow", "code"), ":"), code("sh", "slew --slow --to 45")),
    },
    issue("HAR", "Neue Poller für den Südkai", "Task", "To Do", "Medium", { duedate: "2027-03-31", labels: ["südkai"] }),
    issue("HAR", "潮汐表を更新する", "Task", "Done", "Low", { description: "潮は引き潮。" }),
    issue("WEB", "The tide table cannot be read on a phone", "Story", "To Do", "High", {
      customfield_10016: 5,
      description: document(paragraph("See ", text("the page", { type: "link", attrs: { href: "https://harbour.example/tides" } }), ".")),
    }),
    { op: "comment", issue: "WEB-1", body: "The columns should become rows.", role: "Administrators" },
    issue("WEB", "Sign-in: “remember me” forgets", "Bug", "In Progress", "Medium", { labels: ["sign-in"] }),
  ];
}

function issue(project: string, summary: string, type: string, status: string, priority: string, fields: Record<string, unknown>): Op {
  return {
    op: "create",
    project,
    summary,
    fields: {
      issuetype: choiceOf(TYPES, type),
      status: choiceOf(STATUSES, status),
      priority: choiceOf(PRIORITIES, priority),
      customfield_10019: "0|i00007:",
      ...fields,
    },
  };
}
