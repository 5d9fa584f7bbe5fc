import { isJsonObject } from '../../json/json-object.js';
import { writeText } from './parameter-styles.js';

/** A file, as a model sends it. */
export interface SentFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly name: string | undefined;
  readonly mediaType: string | undefined;
}

/** RFC 2397. Some clients add the parameter `name`. */
const DATA_URI = /^data:(?<type>[^;,]*)(?<parameters>(?:;[^;,]*)*),(?<data>.*)$/is;

/** Whether a value, or each of a list of values, can only be a file. */
export function isDataUri(value: unknown): boolean {
  const all: readonly unknown[] = [value].flat();
  return all.length > 0 && all.every((one) => typeof one === 'string' && DATA_URI.test(one));
}

/**
 * Reads a file.
 *
 * @param value - base64, a `data:` URI, or an object with one of these as `content` and perhaps a `filename` and a
 *   `contentType`
 */
export function readFile(value: unknown): SentFile {
  if (!isJsonObject(value)) return readContent(writeText(value));
  const { content, filename, contentType } = value;
  const file = readContent(writeText(content));
  return {
    bytes: file.bytes,
    name: typeof filename === 'string' && filename !== '' ? filename : file.name,
    mediaType: typeof contentType === 'string' && contentType !== '' ? contentType : file.mediaType,
  };
}

function readContent(text: string): SentFile {
  const { type = '', parameters = '', data } = DATA_URI.exec(text)?.groups ?? {};
  if (data === undefined) return { bytes: readBytes(text), name: undefined, mediaType: undefined };
  const named = /;name=([^;]*)/i.exec(parameters)?.[1];
  const isBase64 = /;base64$/i.test(parameters);
  const bytes = isBase64 ? Buffer.from(decode(data), 'base64') : Buffer.from(decode(data));
  return {
    bytes: new Uint8Array(bytes),
    name: named === undefined ? undefined : decode(named),
    mediaType: type === '' ? undefined : type,
  };
}

/** Base64 (RFC 4648 section 4), with padding. A text that is none is taken as it is, in UTF-8. */
export function readBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(text, 'base64');
  const isBase64 = bytes.toString('base64') === text;
  return new Uint8Array(isBase64 ? bytes : Buffer.from(text));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
