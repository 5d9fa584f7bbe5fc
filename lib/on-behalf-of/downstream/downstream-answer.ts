import { STATUS_CODES } from 'node:http';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { RefusedAnswer } from '../failures/failure-table.js';
import { parseRetryAfter } from '../failures/answer-fields.js';
import { DownstreamError } from '../../errors/downstream-error.js';

/** Bytes of an answer that nobody wants which are read all the same, so that its connection can be used again. */
const MAX_DISCARDED = 64 * 1024;

/** Without a body (Fetch standard, null body status). */
export const NO_BODY: readonly number[] = [204, 205, 304];

/** What came over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  /** Decoded. */
  readonly body: Readable;
  /** As it comes. */
  readonly rawBody: Dispatcher.ResponseData['body'];
}

/** What a downstream answered. */
export interface DownstreamAnswer extends WireAnswer {
  /** Those of its `WWW-Authenticate`. */
  readonly challenges: RefusedAnswer['challenges'];
  /** Those of the token, where they are fewer than were asked for. */
  readonly grantedScopes?: readonly string[] | undefined;
  readonly url: URL;
  readonly redirected: boolean;
  /** Called once the body is read: nothing can end the request any more. */
  readonly release: () => void;
}

/** A header that has one value. */
export function readHeader({ headers }: Pick<WireAnswer, 'headers'>, name: string): string | null {
  const value = headers[name];
  return Array.isArray(value) ? (value[0] ?? null) : (value ?? null);
}

/** `Retry-After` of an answer, in milliseconds. */
export function readRetryAfter(answer: Pick<WireAnswer, 'headers'>): number | undefined {
  return parseRetryAfter(readHeader(answer, 'retry-after'));
}

/** Lets go of an answer that nobody will read. */
export function discard({ rawBody }: Pick<WireAnswer, 'rawBody'>): void {
  rawBody.dump({ limit: MAX_DISCARDED }).catch(() => undefined);
}

/** Headers as the platform has them. */
export function toHeaders({ headers }: Pick<WireAnswer, 'headers'>): Headers {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
  return new Headers(entries);
}

/** A `Response` that knows where it came from. */
class LocatedResponse extends Response {
  #url = '';
  #redirected = false;

  override get url(): string {
    return this.#url;
  }

  override get redirected(): boolean {
    return this.#redirected;
  }

  override clone(): Response {
    const { body, status, statusText, headers } = super.clone();
    return new LocatedResponse(body, { status, statusText, headers }).locate(this.#url, this.#redirected);
  }

  /** @internal */
  locate(url: string, redirected: boolean): this {
    this.#url = url;
    this.#redirected = redirected;
    return this;
  }
}

/**
 * The answer as tools get it: a `Response` of the platform's own class.
 *
 * @param name - of the downstream
 * @throws {@link DownstreamError} for a status that no `Response` can have
 */
export function toResponse(name: string, answer: DownstreamAnswer): Response {
  const { status, url, redirected } = answer;
  if (status < 200 || status > 599) {
    discard(answer);
    throw new DownstreamError('downstream_status', `${name} answered ${status}`, { downstream: name, status });
  }
  const isEmpty = NO_BODY.includes(status);
  if (isEmpty) discard(answer);
  const init = { status, statusText: STATUS_CODES[status] ?? '', headers: toHeaders(answer) };
  return new LocatedResponse(isEmpty ? null : toStream(answer), init).locate(url.href, redirected);
}

function toStream({ body }: WireAnswer): ReadableStream<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await chunks.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: () => {
        body.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}
