import { isTextTooDeep, MAX_DEPTH } from '../../json/json-depth.js';
import { fetch as undiciFetch, type Dispatcher, type RequestInit as UndiciRequestInit } from 'undici';

/** Milliseconds that one answer of an issuer may take. */
const TIMEOUT = 5_000;

/** Maximum bytes of an issuer's answer. Key sets and metadata have a few thousand. */
const MAX_SIZE = 1024 * 1024;

/**
 * Gets an address that the configuration or the issuer's metadata names, and reads the whole answer. Redirects are not
 * followed.
 *
 * @throws Error for any status but 200
 */
export async function fetchFromIssuer(address: string): Promise<Response> {
  const response = await fetchLimited(address, {
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT),
  });
  if (response.status !== 200) throw new Error(`status ${response.status}`);
  return response;
}

/** `fetch` that follows no redirect and limits the size and the depth of the answer. */
export async function fetchLimited(address: string, init: RequestInit, dispatcher?: Dispatcher): Promise<Response> {
  const response = dispatcher
    ? await undiciFetch(address, { ...(init as UndiciRequestInit), redirect: 'manual', dispatcher })
    : await fetch(address, { ...init, redirect: 'manual' });
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the body.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_SIZE) throw new Error(`the answer has more than ${MAX_SIZE} bytes`);
    chunks.push(chunk);
  }
  const content = Buffer.concat(chunks);
  if (isTextTooDeep(content)) throw new Error(`the answer has more than ${MAX_DEPTH} levels of JSON`);
  const { status, statusText } = response;
  const headers = new Headers([...response.headers]);
  const body = [101, 204, 205, 304].includes(status) ? null : content;
  return new Response(body, { status, statusText, headers });
}
