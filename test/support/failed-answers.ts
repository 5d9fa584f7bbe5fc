import type { IncomingMessage, ServerResponse } from 'node:http';

const failed: string[] = [];

/** A gateway, a server without room and one that waited too long say so on purpose. */
const ON_PURPOSE = new Set([502, 503, 504]);

/** Takes note of an answer that says that the server failed. */
export function watchForFailure(request: IncomingMessage, response: ServerResponse): void {
  const end = response.end.bind(response) as (...parts: unknown[]) => ServerResponse;
  response.end = (...parts: unknown[]) => {
    const { statusCode } = response;
    if (statusCode >= 500 && !ON_PURPOSE.has(statusCode)) failed.push(`${request.method} ${request.url} ${statusCode}`);
    return end(...parts);
  };
}

/** The failures of the servers of this file so far, for a test that expects them. They are forgotten. */
export function takeFailedAnswers(): string[] {
  return failed.splice(0);
}
