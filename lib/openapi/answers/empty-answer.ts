import { readHeader } from '../../on-behalf-of/downstream/downstream-answer.js';
import type { Answered } from '../../on-behalf-of/downstream/downstream-client.js';
import { cleanText } from '../../log/clean-text.js';
import type { JsonObject } from '../../json/json-object.js';

/** Characters of a header. */
const MAX_LENGTH = 1_000;

/** Headers that say something of an answer without a body, and their names in the result (RFC 9110). */
const TOLD: Readonly<Record<string, string>> = {
  'content-type': 'mediaType',
  'content-length': 'size',
  etag: 'etag',
  'last-modified': 'lastModified',
  'retry-after': 'retryAfter',
};

/** Describes an answer without a body: its status, and the headers that help. */
export function describeEmpty({ answer }: Answered, isHead: boolean): JsonObject {
  const location = readLocation(answer);
  const described: JsonObject = { status: answer.status, ...(location !== undefined && { location }) };
  for (const [header, name] of Object.entries(TOLD)) {
    const value = readHeader(answer, header);
    // What a body would have been is of interest only where there is none on purpose.
    if (value === null || (!isHead && header.startsWith('content-'))) continue;
    described[name] = header === 'content-length' ? Number(value) : cleanText(value, MAX_LENGTH);
  }
  return described;
}

/**
 * Where the resource is that was made (RFC 9110 section 10.2.2), without the host, which may be an internal one.
 *
 * @returns `undefined` if it is nowhere, or at another host
 */
export function readLocation(answer: Answered['answer']): string | undefined {
  const location = readHeader(answer, 'location');
  if (location === null || !URL.canParse(location, answer.url)) return undefined;
  const url = new URL(location, answer.url);
  return url.origin === answer.url.origin ? cleanText(url.pathname + url.search, MAX_LENGTH) : undefined;
}
