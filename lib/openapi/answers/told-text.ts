import { cleanText } from '../../log/clean-text.js';

/** Characters of one line. */
const MAX_LENGTH = 300;

/** Texts that were written for developers: markup, frames of a stack, paths of a file system. */
const FOR_DEVELOPERS = [
  /<\/?[a-z!][^>]*>/i,
  /^\s*at\s.+[:(]\d+/m,
  /\bTraceback\b|\bFile "[^"]+", line \d+/,
  /\.(?:java|kt|cs|go|rb|py|php|ts|js):\d+/,
  /\b(?:SELECT|INSERT|UPDATE|DELETE)\b.+\b(?:FROM|INTO|SET|WHERE)\b/,
];

/** Tokens and keys. */
const SECRET = /\beyJ[\w-]{5,}\.[\w-]+|\b(?:bearer|basic)\s+[\w~+/.-]{8,}|\b[a-z]+_(?:live|test)_\w{8,}/i;

/** Hosts that are known inside only. */
const INNER_HOST =
  /(?:[a-z][a-z+.-]*:\/\/)?(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|(?:[\w-]+\.)+(?:internal|local|localdomain|lan|corp|intranet|svc))(?::\d+)?(?:\/[^\s"')]*)?/gi;

/** A name without a dot, as services in a cluster have it, and a port. */
const SERVICE = /\b[a-z][a-z+.-]*:\/\/[\w-]+(?::\d+)?(?:\/[^\s"')]*)?/gi;

/**
 * Makes a text of an API fit for a model: one line of limited length, without addresses of the inside.
 *
 * @param baseUrl - of the API
 * @returns `undefined` if the text was not written for clients
 */
export function tellText(text: string, baseUrl: URL): string | undefined {
  if (FOR_DEVELOPERS.some((pattern) => pattern.test(text)) || SECRET.test(text)) return undefined;
  const masked = text
    .replace(INNER_HOST, '[address]')
    .replace(SERVICE, '[address]')
    .replaceAll(baseUrl.host, '[address]');
  return cleanText(masked, MAX_LENGTH);
}
