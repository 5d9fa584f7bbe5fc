import type { ApiMedia } from '../operations/api-operation.js';

/** How a body is written. */
export type MediaKind = 'json' | 'form' | 'multipart' | 'text' | 'bytes';

const JSON_TYPE = 'application/json';

/** How a body of a media type is written. Ranges such as `*\/*` leave it to us: JSON then. */
export function readMediaKind(mediaType: string): MediaKind {
  const type = dropParameters(mediaType);
  if (
    type === JSON_TYPE ||
    type.endsWith('+json') ||
    type === 'text/json' ||
    type === '*/*' ||
    type === 'application/*'
  )
    return 'json';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  if (type.startsWith('multipart/')) return 'multipart';
  if (type.startsWith('text/') || type.endsWith('+xml') || type === 'application/xml' || TEXTS.has(type)) return 'text';
  return 'bytes';
}

/** Media types that are text though they do not say so. */
const TEXTS: ReadonlySet<string> = new Set([
  'application/csv',
  'application/graphql',
  'application/javascript',
  'application/jwt',
  'application/sql',
  'application/x-ndjson',
  'application/yaml',
]);

const PREFERENCE: readonly MediaKind[] = ['json', 'form', 'multipart', 'text', 'bytes'];

/** Chooses the media type that a model writes best. Among equals the plain one, then the first. */
export function chooseMedia(media: readonly ApiMedia[]): ApiMedia | undefined {
  const [first] = media.toSorted((a, b) => rank(a) - rank(b));
  return first;
}

function rank({ mediaType }: ApiMedia): number {
  const isPlain = dropParameters(mediaType) === JSON_TYPE;
  const isRange = mediaType.includes('*');
  return PREFERENCE.indexOf(readMediaKind(mediaType)) * 3 + (isPlain ? 0 : isRange ? 2 : 1);
}

function dropParameters(mediaType: string): string {
  const [type = ''] = mediaType.split(';', 1);
  return type.trim().toLowerCase();
}

/** The media type that is sent. A range becomes the type that is written. */
export function toSentType(mediaType: string, kind: MediaKind): string {
  if (!mediaType.includes('*')) return mediaType;
  return kind === 'json' && mediaType.endsWith('+json') ? 'application/json' : DEFAULTS[kind];
}

const DEFAULTS: Readonly<Record<MediaKind, string>> = {
  json: JSON_TYPE,
  form: 'application/x-www-form-urlencoded',
  multipart: 'multipart/form-data',
  text: 'text/plain',
  bytes: 'application/octet-stream',
};
