import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/** Stands in each document. No client may see it. */
export const MARK = 'inside-of-the-document';

/** Characters of what the log has of a document. */
export const MAX_LINE = 5_000;

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** How a document is sent. */
export type Form = readonly [name: string, send: (document: object) => Answer];

export function json(body: unknown): Answer {
  return text(JSON.stringify(body));
}

export function text(body: string, type = 'application/json'): Answer {
  return (_request, response) => response.writeHead(200, { 'content-type': type }).end(body);
}

/** A good document, of 5 MB. */
export function large(document: object): Answer {
  return json({ ...document, pad: 'x'.repeat(5_000_000) });
}

/** A good document, of 5,000 levels. */
export function deep(document: object): Answer {
  const levels = '['.repeat(5_000) + ']'.repeat(5_000);
  return text(JSON.stringify({ ...document, pad: 0 }).replace('"pad":0', `"pad":${levels}`));
}

/** A good document, of 50 MB once it is unpacked. */
export function packed(document: object): Answer {
  const content = gzipSync(JSON.stringify(document) + ' '.repeat(50_000_000));
  return (_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(content);
}

/** A good document, whose connection ends before the length that was told. */
export function broken(document: object): Answer {
  return (_request, response) => {
    const whole = JSON.stringify(document);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': whole.length + 1 });
    response.write(whole, () => response.destroy());
  };
}

export const html = () => text(`<html>${MARK}</html>`, 'text/html');

/** Ways in which a good document is sent so that nobody reads it to its end. */
export const UNREAD: readonly Form[] = [
  ['of 5 MB', large],
  ['of 5,000 levels', deep],
  ['that is 50 MB once it is unpacked', packed],
  ['that breaks off', broken],
];

/** What is sent in place of a good document. */
export const OTHERS: readonly Form[] = [
  ['of HTML', html],
  ['that is no object', () => json([MARK])],
  ['that is null', () => json(null)],
];

/** The lines that an operator reads. */
export function listWarnings(lines: readonly string[]): string[] {
  return lines.filter((line) => /^(warn|error|fatal) /.test(line) && !line.endsWith(' McpAudit'));
}
