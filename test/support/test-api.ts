import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { decodeJwt } from 'jose';
import { listen, type Listener } from './listen.js';
import { sendJson } from './test-issuer.js';

interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Claims of the token, if it was a JWT. */
  readonly claims: Record<string, unknown> | undefined;
}

/** A protected API that tells who called it, and remembers how. */
export class TestApi {
  readonly requests: RecordedRequest[] = [];
  /** Answers of paths that a test replaces. */
  readonly answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();

  private constructor(private readonly listener: Listener) {}

  static async start(): Promise<TestApi> {
    const listener = await listen();
    const api = new TestApi(listener);
    listener.server.on('request', (request, response) => void api.#handle(request, response));
    return api;
  }

  get origin(): string {
    return this.listener.origin;
  }

  get last(): RecordedRequest {
    const request = this.requests.at(-1);
    if (!request) throw new Error('The API was not called');
    return request;
  }

  async close(): Promise<void> {
    await this.listener.close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = new Uint8Array(Buffer.concat(chunks));
    const body = Buffer.from(bytes).toString();
    const token = /^(?:Bearer|DPoP) (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    // An opaque token has none.
    const claims = token?.split('.').length === 3 ? decodeJwt(token) : undefined;
    const path = request.url ?? '';
    this.requests.push({ method: request.method ?? '', path, headers: request.headers, body, bytes, claims });
    const answer = this.answers.get(path);
    if (answer) answer(request, response);
    else sendJson(response, 200, { path, subject: claims?.sub, audience: claims?.aud });
  }
}
