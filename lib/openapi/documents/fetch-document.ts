import { describeError } from '../../errors/reason.js';
import { findBackendUrlProblem } from '../../options/option-rules.js';
import type { ReadBudget } from './document-limits.js';
import { DocumentProblem } from './document-problem.js';

/** Redirects that are followed one after the other. */
const MAX_REDIRECTS = 5;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const ACCEPT =
  'application/vnd.oai.openapi+json, application/json, application/vnd.oai.openapi, application/yaml, */*;q=0.5';

/** Where documents may be fetched from. */
export interface AllowedPlaces {
  readonly origins: ReadonlySet<string>;
  /** Whether these may be plain http on other hosts than this one. */
  readonly acceptClearText: boolean;
}

/** What is kept of an answer, to ask whether it has changed (RFC 9110 section 13.1). */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** A document that was fetched. */
export interface FetchedDocument extends Validators {
  /** `undefined` if it has not changed. */
  readonly bytes: Uint8Array | undefined;
  /** Where it was, after redirects. */
  readonly url: URL;
}

/**
 * Gets a document from an origin that is allowed. Redirects are followed to such origins alone. No credentials are sent.
 *
 * @param known - of the last answer
 * @throws {@link DocumentProblem} if it may not be asked for, or does not come
 */
export async function fetchDocument(
  address: URL,
  allowed: AllowedPlaces,
  budget: ReadBudget,
  known?: Validators,
): Promise<FetchedDocument> {
  let url = address;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    refuseOther(url, allowed, hops > 0 ? address : undefined);
    const response = await send(url, budget, known);
    const location = response.headers.get('location');
    if (!REDIRECTS.has(response.status) || location === null) return await read(response, url, budget, known);
    await response.body?.cancel();
    if (!URL.canParse(location, url)) throw new DocumentProblem(address.href, 'redirects to something that is no URL');
    url = new URL(location, url);
  }
  throw new DocumentProblem(address.href, `redirects more than ${MAX_REDIRECTS} times. Name the last address`);
}

/** @param from - what redirected there */
function refuseOther(url: URL, { origins, acceptClearText }: AllowedPlaces, from: URL | undefined): void {
  const place = from?.href ?? url.href;
  const what = from ? `redirects to ${url.origin}, which` : 'has an origin that';
  if (url.username !== '' || url.password !== '')
    throw new DocumentProblem(
      withoutCredentials(url),
      'has credentials in its URL. Remove them; a function can fetch the document',
    );
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new DocumentProblem(place, `has the scheme \`${url.protocol}\`. Give a path, or an https URL`);
  if (!origins.has(url.origin))
    throw new DocumentProblem(place, `${what} \`allowOrigins\` does not name. Add "${url.origin}" if you trust it`);
  const problem = findBackendUrlProblem(url.origin, acceptClearText);
  if (problem !== undefined) throw new DocumentProblem(place, problem);
}

function withoutCredentials(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

async function send(url: URL, budget: ReadBudget, known: Validators | undefined): Promise<Response> {
  const headers = new Headers({ accept: ACCEPT });
  if (known?.etag) headers.set('if-none-match', known.etag);
  if (known?.lastModified) headers.set('if-modified-since', known.lastModified);
  try {
    const signal = AbortSignal.timeout(budget.timeLeft);
    return await fetch(url, { headers, redirect: 'manual', credentials: 'omit', signal });
  } catch (error) {
    throw toProblem(url, error, budget);
  }
}

async function read(
  response: Response,
  url: URL,
  budget: ReadBudget,
  known: Validators | undefined,
): Promise<FetchedDocument> {
  const { status, headers } = response;
  const validators = { etag: headers.get('etag'), lastModified: headers.get('last-modified') };
  if (status === 304 && known) return { bytes: undefined, url, ...validators };
  if (status !== 200) {
    await response.body?.cancel();
    throw new DocumentProblem(
      url.href,
      `is answered with status ${status}. Check the address, and whether it takes a sign-in`,
    );
  }
  const chunks: Uint8Array[] = [];
  try {
    // Leaving the loop early cancels the body.
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      budget.countSize(url.href, chunk.byteLength);
      chunks.push(chunk);
    }
  } catch (error) {
    throw toProblem(url, error, budget);
  }
  return { bytes: Buffer.concat(chunks), url, ...validators };
}

function toProblem(url: URL, error: unknown, budget: ReadBudget): DocumentProblem {
  if (error instanceof DocumentProblem) return error;
  if (error instanceof Error && error.name === 'TimeoutError') return budget.tooSlow(url.href);
  return new DocumentProblem(url.href, `cannot be fetched: ${describeError(error)}`);
}
