/** What the suite finds fault with, by scenarios that it does not score, and so does not expect to fail either. */
export const unscoredFaults: ReadonlyMap<string, readonly string[]> = new Map([
  // Streams that are taken up again need a server that keeps what it has sent. This one keeps nothing between requests.
  ['server-sse-polling', ['server-sse-priming-event', 'server-sse-retry-field']],
  // A tool that is a task is one from the beginning, and asks as a task does: by `tasks/get`.
  ['tasks-mrtr-composition', ['sep-2663-mrtr-synchronous-before-task-creation']],
]);
