import type { TemplatePart } from './uri-template.js';
import { joinLiterals } from './uri-template.js';
import { UriPattern } from './uri-pattern.js';
import { listDecodings } from './uri-spelling.js';

/** What some servers leave out of account in URIs, besides case and what the URL standard makes equal. */
export interface Disregarded {
  readonly scheme: boolean;
  readonly query: boolean;
}

/** Stands for the variables of a template while its text is folded. These characters are in no URI. */
const PLACEHOLDER = 0xe000;

/**
 * The ways in which servers may read a URI: as it was sent, as `URL` of the URL standard writes it, without its query,
 * and decoded, once or more often. All of them folded.
 */
export function listReadings(uri: string, disregarded: Disregarded): readonly string[] {
  const forms = [uri, toHref(uri), uri.replace(/[?#].*$/s, '')];
  const readings = forms.flatMap((form) => listDecodings(form) ?? [form]);
  return [...new Set(readings.map((reading) => fold(reading, disregarded)))];
}

/**
 * Folds a URI, so that URIs that some server may take for the same are the same. Folded are case, user names and ports,
 * slashes of any number and kind, dots and spaces at the end of a segment.
 */
export function fold(uri: string, disregarded: Disregarded): string {
  const [, scheme = '', slashes = '', whole = ''] = /^([^:/?#]*:)?(\/\/)?(.*)$/s.exec(uri) ?? [];
  // Servers of @rekog/mcp-nest read what is between the first two "://".
  const rest = disregarded.scheme ? (uri.split('://')[1] ?? whole) : whole;
  const query = rest.search(/[?#]/);
  const path = query < 0 ? rest : rest.slice(0, query);
  const segments = path.split(/[/\\]/);
  if (slashes !== '') segments[0] = toHost(segments[0] ?? '');
  const folded = segments.map(trimEnd).filter((segment) => segment !== '');
  const kept = disregarded.query || query < 0 ? '' : rest.slice(query);
  const text = `${disregarded.scheme ? '' : scheme}${folded.join('/')}${kept}`;
  // In this order, letters that only one of the two knows fold too.
  return text.normalize('NFKC').toUpperCase().toLowerCase();
}

/** Folds the text of a template. Its variables take more than RFC 6570 says, as they do in some servers. */
export function foldTemplate(parts: readonly TemplatePart[], disregarded: Disregarded): UriPattern {
  const text = parts.map((part, index) => (typeof part === 'string' ? part : toPlaceholder(index))).join('');
  const folded: TemplatePart[] = Array.from(fold(text, disregarded), (character) => {
    const part = parts[(character.codePointAt(0) ?? 0) - PLACEHOLDER];
    if (part === undefined || typeof part === 'string') return character;
    const isWide = part.isReserved || part.separator !== undefined;
    return { ...part, accepts: (code) => isWide || code !== SLASH };
  });
  return new UriPattern(joinLiterals(folded));
}

const SLASH = '/'.charCodeAt(0);

function toPlaceholder(index: number): string {
  return String.fromCharCode(PLACEHOLDER + index);
}

function toHref(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).href : uri;
}

/** The host of an authority, without user name and port (RFC 3986 section 3.2). */
function toHost(authority: string): string {
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const colon = host.lastIndexOf(':');
  return colon > 0 && /^[\d\uE000-\uF8FF]*$/.test(host.slice(colon + 1)) ? host.slice(0, colon) : host;
}

/** Without dots and spaces at the end. A regular expression would take quadratic time. */
function trimEnd(segment: string): string {
  let end = segment.length;
  while (end > 0 && (segment[end - 1] === '.' || segment[end - 1] === ' ')) end -= 1;
  return segment.slice(0, end);
}
