import { isJsonObject } from '../../json/json-object.js';
import type { BodyPlan } from '../inputs/operation-input.js';
import { readMediaKind, type MediaKind } from '../inputs/media-choice.js';
import type { PairStyle } from './parameter-styles.js';

/** How a property of a form is written (OpenAPI 3.1, Encoding Object). */
export interface PropertyEncoding {
  /** The first type that it names, unless that is a range. A range leaves it to the value, unless it is one of files. */
  readonly mediaType: string | undefined;
  readonly kind: MediaKind | undefined;
  /** `undefined` if the document says nothing about it. */
  readonly style: PairStyle['style'] | undefined;
  readonly isExploded: boolean;
  readonly allowsReserved: boolean;
  /** Headers of the part whose value the document says. */
  readonly headers: Readonly<Record<string, string>>;
}

const STYLES: ReadonlySet<unknown> = new Set(['form', 'spaceDelimited', 'pipeDelimited', 'deepObject']);

/** Reads the encoding of a property. */
export function readEncoding(encoding: BodyPlan['encoding'], name: string): PropertyEncoding {
  const one = Object.hasOwn(encoding, name) ? encoding[name] : undefined;
  const { contentType, style, explode, allowReserved, headers } = isJsonObject(one) ? one : {};
  const type = typeof contentType === 'string' ? contentType.replace(/,.*/s, '').trim() : '';
  const mediaType = type === '' || type.includes('*') ? undefined : type;
  const kind = type === '' ? undefined : readMediaKind(type);
  const known = STYLES.has(style) ? (style as PairStyle['style']) : undefined;
  return {
    mediaType,
    kind: mediaType === undefined && kind !== 'bytes' ? undefined : kind,
    style: known,
    isExploded:
      typeof explode === 'boolean' ? explode : known === undefined || known === 'form' || known === 'deepObject',
    allowsReserved: allowReserved === true,
    headers: readHeaders(headers),
  };
}

/** A model cannot give a value to the header of a part. The document can. */
function readHeaders(headers: unknown): Readonly<Record<string, string>> {
  const values = Object.entries(isJsonObject(headers) ? headers : {}).flatMap(([name, header]) => {
    const schema = isJsonObject(header) && isJsonObject(header.schema) ? header.schema : {};
    const only: unknown = Array.isArray(schema.enum) && schema.enum.length === 1 ? schema.enum[0] : undefined;
    const value = schema.const ?? only ?? schema.default;
    const isWritten = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    const isOurs =
      /^content-(?:type|disposition|transfer-encoding)$/i.test(name) || !/^[\w!#$%&'*+.^`|~-]+$/.test(name);
    return isWritten && !isOurs ? [[name, String(value)] as const] : [];
  });
  return Object.fromEntries(values);
}
