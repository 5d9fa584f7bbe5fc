import { isJsonObject } from '../../json/json-object.js';
import type { BodyPlan } from '../inputs/operation-input.js';
import { encodeValue, writeQuery, writeText } from './parameter-styles.js';

/** A body that is ready to be sent. */
export interface WrittenBody {
  readonly content: string | Uint8Array<ArrayBuffer> | FormData;
  /** `undefined` if `fetch` sets it: it knows the boundary of the parts. */
  readonly mediaType: string | undefined;
}

/**
 * Writes the body of a request.
 *
 * @param whole - the body, if it is one argument
 * @param properties - else its properties
 * @returns `undefined` if there is none
 */
export function writeBody(
  plan: BodyPlan,
  whole: unknown,
  properties: Readonly<Record<string, unknown>>,
): WrittenBody | undefined {
  const value = whole ?? (Object.keys(properties).length > 0 ? properties : undefined);
  if (value === undefined && (whole !== null || !plan.isRequired)) {
    if (!plan.isRequired || plan.kind === 'text' || plan.kind === 'bytes') return undefined;
    return write(plan, {});
  }
  return write(plan, value ?? null);
}

function write(plan: BodyPlan, value: unknown): WrittenBody {
  const { mediaType } = plan;
  switch (plan.kind) {
    case 'json':
      return { content: JSON.stringify(value), mediaType };
    case 'form':
      return { content: writeForm(plan, isJsonObject(value) ? value : {}), mediaType };
    case 'multipart':
      return { content: writeParts(plan, isJsonObject(value) ? value : {}), mediaType: undefined };
    case 'text':
      return { content: writeText(value), mediaType };
    case 'bytes':
      return { content: readBytes(writeText(value)), mediaType };
  }
}

/** OpenAPI 3.1, Encoding Object. Lists and objects are exploded unless their encoding says otherwise. */
function writeForm({ encoding }: BodyPlan, value: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(value).flatMap(([name, one]) => {
    const { style, explode, allowReserved, contentType } = readEncoding(encoding, name);
    if (isJsonMedia(contentType)) return [[encodeValue(name), encodeValue(JSON.stringify(one))] as const];
    const known = style === 'deepObject' || style === 'spaceDelimited' || style === 'pipeDelimited' ? style : undefined;
    // An object whose style is not said would lose its name. Forms of real APIs read brackets.
    const fallback = isNested(one) ? 'deepObject' : 'form';
    const isExploded = typeof explode === 'boolean' ? explode : (known ?? 'form') === 'form' || known === 'deepObject';
    return writeQuery(
      {
        name,
        style: known ?? (style === 'form' ? 'form' : fallback),
        isExploded,
        allowsReserved: allowReserved === true,
      },
      one,
    );
  });
  return pairs.map((pair) => pair.join('=')).join('&');
}

function writeParts({ encoding, files }: BodyPlan, value: Readonly<Record<string, unknown>>): FormData {
  const form = new FormData();
  for (const [name, one] of Object.entries(value)) {
    const { contentType } = readEncoding(encoding, name);
    const type = typeof contentType === 'string' ? contentType.split(',', 1)[0]?.trim() : undefined;
    for (const part of Array.isArray(one) ? (one as unknown[]) : [one]) {
      if (files.has(name)) form.append(name, toBlob(part, type), readFileName(part) ?? name);
      else if (type !== undefined || isNested(part))
        form.append(name, new Blob([writeText(part)], { type: type ?? 'application/json' }));
      else form.append(name, writeText(part));
    }
  }
  return form;
}

function toBlob(part: unknown, type: string | undefined): Blob {
  return new Blob([readBytes(writeText(part))], {
    type: type === undefined || type.includes('*') ? 'application/octet-stream' : type,
  });
}

function readFileName(part: unknown): string | undefined {
  return isJsonObject(part) && typeof part.filename === 'string' ? part.filename : undefined;
}

/** Base64 (RFC 4648 section 4). A text that is none is taken as it is. */
function readBytes(text: string): Uint8Array<ArrayBuffer> {
  const isBase64 = text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
  return new Uint8Array(Buffer.from(text, isBase64 ? 'base64' : 'utf8'));
}

function readEncoding(encoding: BodyPlan['encoding'], name: string): Readonly<Record<string, unknown>> {
  const one = encoding[name];
  return isJsonObject(one) ? one : {};
}

function isJsonMedia(contentType: unknown): boolean {
  return typeof contentType === 'string' && /^application\/(?:[\w.-]+\+)?json\b/i.test(contentType);
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (!Array.isArray(value) || value.some(isNested));
}
