import { isJsonObject } from '../../json/json-object.js';
import type { BodyPlan } from '../inputs/operation-input.js';
import { readEncoding, type PropertyEncoding } from './body-encoding.js';
import { writeMultipart, type Part } from './multipart.js';
import { encodeValue, writePairs, writeText, type EncodedPair } from './parameter-styles.js';
import { isDataUri, readBytes, readFile } from './sent-file.js';

/** A body that is ready to be sent. */
export interface WrittenBody {
  readonly content: string | Uint8Array<ArrayBuffer>;
  readonly mediaType: string;
}

/**
 * Writes the body of a request.
 *
 * @param value - `undefined` if there is none
 * @returns `undefined` if the request has no body
 */
export function writeBody(plan: BodyPlan, value: unknown): WrittenBody | undefined {
  const { kind, mediaType, isRequired } = plan;
  if (kind === 'text' || kind === 'bytes') {
    if (value === undefined || value === null) return undefined;
    if (kind === 'text') return { content: writeText(value), mediaType };
    return { content: typeof value === 'string' ? readFile(value).bytes : readBytes(writeText(value)), mediaType };
  }
  // All properties of a body that is demanded may be optional.
  if (value === undefined && !isRequired) return undefined;
  const given = value === undefined ? {} : value;
  if (kind === 'json') return { content: JSON.stringify(given), mediaType };
  const properties = Object.entries(isJsonObject(given) ? given : {});
  if (kind === 'multipart')
    return writeMultipart(
      properties.flatMap((property) => listParts(plan, ...property)),
      mediaType,
    );
  const pairs = properties.flatMap(([name, one]) => writeProperty(name, one, readEncoding(plan.encoding, name)));
  return { content: pairs.map((pair) => pair.join('=')).join('&'), mediaType };
}

/** A property of a form (OpenAPI 3.1, Encoding Object). An object whose style is not said has brackets: APIs read them. */
function writeProperty(name: string, value: unknown, encoding: PropertyEncoding): readonly EncodedPair[] {
  if (encoding.kind === 'json') return [[encodeValue(name), encodeValue(JSON.stringify(value))]];
  const style = encoding.style ?? (isNested(value) ? 'deepObject' : 'form');
  return writePairs({ ...encoding, name, style }, value);
}

/** The parts of a property. Each member of a list is one (OpenAPI 3.1, Encoding `multipart` Media Types). */
function listParts({ encoding, findSentAs }: BodyPlan, name: string, value: unknown): readonly Part[] {
  const how = readEncoding(encoding, name);
  const { mediaType, kind, headers, style } = how;
  if (style !== undefined && mediaType === undefined) {
    const pairs = writePairs({ ...how, name, style }, value).map((pair) => pair.map(decodeURIComponent));
    return pairs.map(([key = '', content = '']) => ({ name: key, content, headers }));
  }
  const sentAs = findSentAs(name);
  const isFile = sentAs === 'file' || kind === 'bytes' || (sentAs === 'either' && isDataUri(value));
  if (isFile && value === null) return [];
  const whole = kind === 'json' && !isFile;
  return (whole ? [value] : [value].flat()).map((one: unknown): Part => {
    if (isFile) return toFilePart(name, one, how);
    if (kind === 'json') return { name, content: JSON.stringify(one), mediaType, headers };
    if (mediaType !== undefined) return { name, content: writeText(one), mediaType, headers };
    const type = typeof one === 'object' && one !== null ? { mediaType: 'application/json' } : {};
    return { name, content: writeText(one), ...type, headers };
  });
}

function toFilePart(name: string, value: unknown, { mediaType, headers }: PropertyEncoding): Part {
  const file = readFile(value);
  return {
    name,
    content: file.bytes,
    filename: file.name ?? name,
    mediaType: file.mediaType ?? mediaType ?? 'application/octet-stream',
    headers,
  };
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (!Array.isArray(value) || value.some(isNested));
}
