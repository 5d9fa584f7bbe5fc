import { randomUUID } from 'node:crypto';

/** A part of a form. `FormData` cannot say the type of a part that is no file. */
export interface Part {
  readonly name: string;
  readonly content: string | Uint8Array<ArrayBuffer>;
  /** Only files have one. */
  readonly filename?: string | undefined;
  readonly mediaType?: string | undefined;
  /** Further headers of the part. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A body of several parts, and its type with the boundary. */
export interface Multipart {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly mediaType: string;
}

/**
 * Writes a body of several parts (RFC 7578; HTML standard, multipart/form-data encoding algorithm).
 *
 * @param mediaType - `multipart/form-data`, or another type of `multipart`
 */
export function writeMultipart(parts: readonly Part[], mediaType: string): Multipart {
  const boundary = `----${randomUUID()}`;
  const chunks = parts.flatMap(({ content, ...part }) => [
    Buffer.from(`--${boundary}\r\n${writeHead(part)}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
  const content = new Uint8Array(Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]));
  const [type = ''] = mediaType.split(';', 1);
  return { content, mediaType: `${type.trim()}; boundary=${boundary}` };
}

function writeHead({ name, filename, mediaType, headers = {} }: Omit<Part, 'content'>): string {
  const file = filename === undefined ? '' : `; filename="${escapeName(filename)}"`;
  return [
    `Content-Disposition: form-data; name="${escapeName(name)}"${file}`,
    ...(mediaType === undefined ? [] : [`Content-Type: ${dropBreaks(mediaType)}`]),
    ...Object.entries(headers).map(([header, value]) => `${header}: ${dropBreaks(value)}`),
  ].join('\r\n');
}

function escapeName(name: string): string {
  return name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
}

function dropBreaks(value: string): string {
  return value.replace(/[\r\n]+/g, ' ');
}
