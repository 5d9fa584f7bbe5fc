import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestApi } from '../support/test-api.js';
import { sendJson } from '../support/test-issuer.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers of a path, one after the other; the last one again and again. */
export function answersInTurn(api: TestApi, path: string, ...answers: Answer[]): void {
  let turn = 0;
  api.answers.set(path, (request, response) => {
    answers[Math.min(turn++, answers.length - 1)]?.(request, response);
  });
}

/** A status, with headers. */
export function answer(status: number, headers: Record<string, string> = {}, body: object = {}): Answer {
  return (_request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    sendJson(response, status, body);
  };
}

/** No answer: the connection breaks. */
export const breaks: Answer = (request) => request.socket.destroy();
