export interface ReadEvent {
  id: string | undefined;
  event: string;
  data: unknown;
}

/** The events of a stream, until `enough` of them says so or the stream ends. */
export async function readEvents(response: Response, enough: (events: ReadEvent[]) => boolean = () => false): Promise<ReadEvent[]> {
  const events: ReadEvent[] = [];
  let text = "";
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) throw new Error("The answer is no stream.");
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return events;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
      const event = field("event");
      if (event !== undefined) events.push({ id: field("id"), event, data: JSON.parse(field("data") ?? "null") });
    }
    if (enough(events)) {
      await reader.cancel();
      return events;
    }
  }
}
