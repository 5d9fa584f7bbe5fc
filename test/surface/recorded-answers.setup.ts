import { appendFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import process from 'node:process';
import { afterAll, expect } from '@jest/globals';
import { DirectServing } from '../../lib/mcp/protocol/direct-serving.js';
import { McpServing } from '../../lib/mcp/protocol/mcp-serving.js';
import { pick, plain, readMessages, type Answer, type Path } from './both-paths.js';

/** What a test asked, and how it was answered. */
export interface RecordedAnswer {
  readonly test: string;
  readonly request: { readonly headers: Readonly<Record<string, unknown>>; readonly body: unknown };
  readonly answer: Answer;
  /** Which path answered. */
  readonly path: Path;
}

const { ORACLE_PATH, ORACLE_LOG = '' } = process.env;

const { serve } = McpServing.prototype;
McpServing.prototype.serve = function (this: McpServing, incoming, response, served) {
  record(incoming, response, served.body);
  return serve.call(this, incoming, response, served);
};

const { answer: answerDirectly } = DirectServing.prototype;
const answeredDirectly = new WeakSet<ServerResponse>();
DirectServing.prototype.answer = async function (this: DirectServing, served, exchange) {
  if (ORACLE_PATH === 'sdk') return { stream: undefined };
  const left = await answerDirectly.call(this, served, exchange);
  if (!left) answeredDirectly.add(exchange.response);
  return left;
};

// The files that come later have the same library.
afterAll(() => {
  McpServing.prototype.serve = serve;
  DirectServing.prototype.answer = answerDirectly;
});

/** Writes a line when an answer is over, whether the client waited for all of it or not. */
function record(incoming: IncomingMessage, response: ServerResponse, body: unknown): void {
  const { testPath = '', currentTestName = 'before all' } = expect.getState();
  const headers: Record<string, unknown> = {};
  let text = '';
  const hear = (piece: unknown) => {
    if (typeof piece === 'string') text += piece;
    if (piece instanceof Uint8Array) text += Buffer.from(piece).toString();
  };
  const { writeHead, write, end } = response;
  response.writeHead = (...given: unknown[]) => {
    Object.assign(headers, response.getHeaders(), readHeaders(given.at(-1)));
    return Reflect.apply(writeHead, response, given) as ServerResponse;
  };
  response.write = (...given: unknown[]) => {
    hear(given[0]);
    return Reflect.apply(write, response, given) as boolean;
  };
  response.end = (...given: unknown[]) => {
    hear(given[0]);
    return Reflect.apply(end, response, given) as ServerResponse;
  };
  response.once('close', () => {
    const type = String(headers['content-type'] ?? '');
    const line: RecordedAnswer = {
      test: `${testPath.replace(/^.*\/test\//, '')}: ${currentTestName}`,
      request: { headers: pickOfRequest(incoming), body },
      answer: { status: response.statusCode, headers: pick(headers), messages: readMessages(type, text) },
      path: answeredDirectly.has(response) ? 'direct' : 'sdk',
    };
    appendFileSync(ORACLE_LOG, `${JSON.stringify(plain(line))}\n`);
  });
}

/** Headers that say what is asked, and how. */
function pickOfRequest({ headers }: IncomingMessage): Record<string, unknown> {
  const { accept, 'content-type': type, 'mcp-session-id': session } = headers;
  const { 'mcp-protocol-version': version, 'mcp-method': method, 'mcp-name': name } = headers;
  return { accept, type, hasSession: session !== undefined, version, method, 'mcp-name': name };
}

/** Reads the last argument of `writeHead`: members, or names and values in turn. */
function readHeaders(given: unknown): Record<string, unknown> {
  if (typeof given !== 'object' || given === null) return {};
  const pairs = Array.isArray(given)
    ? given.flatMap((name: unknown, index) => (index % 2 === 0 ? [[String(name), given[index + 1] as unknown]] : []))
    : Object.entries(given);
  return Object.fromEntries(pairs.map(([name, value]) => [String(name).toLowerCase(), value]));
}
