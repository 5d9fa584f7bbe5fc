import { STATUS_CODES } from 'node:http';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { RefusedAnswer } from '../failures/failure-table.js';
import type { SentToken } from '../failures/refused-by-api.js';
import { parseRetryAfter } from '../failures/answer-fields.js';
import { DownstreamError } from '../../errors/downstream-error.js';

/** Bytes of an unwanted answer that are still read, so that its connection can be reused. */
const MAX_DISCARDED = 64 * 1024;

/** Statuses without a body (Fetch standard, null body status). */
export const NO_BODY: readonly number[] = [204, 205, 304];

/** An answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  /** Decoded. */
  readonly body: Readable;
  /** The body as it arrives. */
  readonly rawBody: Dispatcher.ResponseData['body'];
}

/** A downstream's answer. */
export interface DownstreamAnswer extends WireAnswer {
  /** The challenges of its `WWW-Authenticate`. */
  readonly challenges: RefusedAnswer['challenges'];
  /** Scopes of the token, if they are fewer than requested. */
  readonly grantedScopes?: readonly string[] | undefined;
  /** The token that it answers, if there was one. */
  readonly sent?: SentToken | undefined;
  /** Of the request that it answers. */
  readonly method: string;
  readonly url: URL;
  readonly redirected: boolean;
  /** Called once the body is read. Nothing can cancel the request any more. */
  readonly release: () => void;
}

/** A header with a single value. */
export function readHeader({ headers }: Pick<WireAnswer, 'headers'>, name: string): string | null {
  const value = headers[name];
  return Array.isArray(value) ? (value[0] ?? null) : (value ?? null);
}

/** `Retry-After` of an answer, in milliseconds. */
export function readRetryAfter(answer: Pick<WireAnswer, 'headers'>): number | undefined {
  return parseRetryAfter(readHeader(answer, 'retry-after'));
}

/** Releases an answer that is not read. */
export function discard({ rawBody }: Pick<WireAnswer, 'rawBody'>): void {
  rawBody.dump({ limit: MAX_DISCARDED }).catch(() => undefined);
}

/** Converts headers to those of the platform. */
export function toHeaders({ headers }: Pick<WireAnswer, 'headers'>): Headers {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one): [string, string] => [name, one]),
  );
  return new Headers(entries);
}

/** A `Response` with the URL that it came from. */
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
 * The answer that tools get: a `Response` of the platform's own class.
 *
 * @param name - of the downstream
 * @throws {@link DownstreamError} for a status that a `Response` cannot have
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
