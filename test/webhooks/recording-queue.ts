/** A queue that keeps what is sent to it, for tests that ask what was sent. */
export function recordingQueue<T>(): { queue: Queue; messages: () => T[]; batches: () => number } {
  const batches: T[][] = [];
  const metrics = { metrics: { backlogCount: 0, backlogBytes: 0 } };
  const queue = {
    send: async (body: T) => {
      batches.push([body]);
      return { metadata: metrics };
    },
    sendBatch: async (messages: Iterable<{ body: T }>) => {
      batches.push([...messages].map((message) => message.body));
      return { metadata: metrics };
    },
  };
  return { queue: queue as unknown as Queue, messages: () => batches.flat(), batches: () => batches.length };
}
