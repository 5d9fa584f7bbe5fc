import { isDeepStrictEqual } from 'node:util';
import type { MeantBody, MeantValue, RequestCase } from './request-case.js';

/** A request as an API receives it. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query, below the base URL. */
  readonly target: string;
  /** Those that the operation has. Their names are in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

type Pair = readonly [name: string, value: string];

const DELIMITERS: Readonly<Record<string, string>> = { spaceDelimited: '%20', pipeDelimited: '%7C' };

/**
 * Says how a request differs from what the caller means. It reads the request as servers do, by the rules of OpenAPI,
 * and knows nothing of how it was built.
 */
export async function judgeRequest(meant: RequestCase, received: ReceivedRequest): Promise<readonly string[]> {
  const [path = '', query = ''] = received.target.split('?', 2);
  const inQuery = meant.values.filter(({ in: place }) => place === 'query');
  return [
    ...compare('method', received.method, meant.method.toUpperCase()),
    ...compare(
      'path',
      readPath(meant, path),
      listPlaced(meant, 'path').map((one) => [one.name, writeFlat(one)]),
    ),
    ...compare('query', readPairs(query, inQuery), sortPairs(inQuery.flatMap(listPairs))),
    ...compare('headers', readHeaders(received), listHeaders(meant)),
    ...(await judgeBody(meant.body, received)),
  ];
}

function compare(what: string, received: unknown, meant: unknown): readonly string[] {
  if (isDeepStrictEqual(received, meant)) return [];
  return [`${what}: ${JSON.stringify(received)} in place of ${JSON.stringify(meant)}`];
}

function listPlaced({ values, path }: RequestCase, place: MeantValue['in']): readonly MeantValue[] {
  const placed = values.filter((one) => one.in === place);
  const position = ({ name }: MeantValue) => path.indexOf(`{${name}}`);
  return place === 'path' ? placed.sort((one, other) => position(one) - position(other)) : placed;
}

/** The values that stand where the path has placeholders. */
function readPath(meant: RequestCase, path: string): readonly Pair[] {
  const template = (meant.path.split(/[?#]/, 1)[0] ?? '').split(/\{([^{}]+)\}/);
  const pattern = template.map((part, index) => (index % 2 === 1 ? '([^/]*?)' : escape(part))).join('');
  const names = template.filter((_part, index) => index % 2 === 1);
  const values = new RegExp(`^${pattern}$`).exec(path)?.slice(1) ?? [];
  return values.map((value, index): Pair => [names[index] ?? '', decodeURIComponent(value)]);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value in a path or a header (OpenAPI 3.1, Style Examples). */
function writeFlat({ name, value, style, explode, json }: MeantValue): string {
  if (json) return JSON.stringify(value);
  const parts = Array.isArray(value)
    ? value.map(text)
    : isObject(value)
      ? Object.entries(value).flatMap(([key, one]) => (explode ? [`${key}=${text(one)}`] : [key, text(one)]))
      : [text(value)];
  if (style === 'label') return `.${parts.join(explode ? '.' : ',')}`;
  if (style !== 'matrix') return parts.join(',');
  if (isObject(value) && explode) return parts.map((part) => `;${part}`).join('');
  return explode ? parts.map((part) => `;${name}=${part}`).join('') : `;${name}=${parts.join(',')}`;
}

/** What a server should find in the query for one parameter. A list that is not exploded is one value, with commas. */
function listPairs({ name, value, style, explode, json }: MeantValue): readonly Pair[] {
  if (json) return [[name, JSON.stringify(value)]];
  if (style === 'deepObject') return listDeep(name, value);
  const members = Array.isArray(value)
    ? value.map((one): Pair => [name, text(one)])
    : isObject(value)
      ? Object.entries(value).map(([key, one]): Pair => [key, text(one)])
      : [[name, text(value)] as const];
  if (explode || (!Array.isArray(value) && !isObject(value))) return members;
  if (members.length === 0) return [];
  return [[name, members.flatMap(([key, one]) => (isObject(value) ? [key, one] : [one])).join('\n')]];
}

function listDeep(name: string, value: unknown): readonly Pair[] {
  if (Array.isArray(value)) {
    const isPlain = value.every((one) => typeof one !== 'object' || one === null);
    return value.flatMap((one, index) => listDeep(`${name}[${isPlain ? '' : index}]`, one));
  }
  if (!isObject(value)) return [[name, value === null ? '' : text(value)]];
  return Object.entries(value).flatMap(([key, one]) => listDeep(`${name}[${key}]`, one));
}

/** Decoded pairs of a query. Where a parameter is a list in one value, its parts are told apart before they are decoded. */
function readPairs(query: string, values: readonly Pick<MeantValue, 'name' | 'value' | 'style' | 'explode'>[]): Pair[] {
  const pairs = query.split('&').filter((pair) => pair !== '');
  return sortPairs(
    pairs.map((pair): Pair => {
      const [name = '', ...rest] = pair.split('=');
      const value = rest.join('=');
      const known = values.find((one) => one.name === decodeURIComponent(name));
      const isJoined = known && !known.explode && typeof known.value === 'object' && known.style !== 'deepObject';
      const parts = isJoined ? value.split(DELIMITERS[known.style] ?? ',') : [value];
      return [decodeURIComponent(name), parts.map(decodeURIComponent).join('\n')];
    }),
  );
}

function sortPairs(pairs: readonly Pair[]): Pair[] {
  return [...pairs].sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
}

function listHeaders(meant: RequestCase): Readonly<Record<string, string>> {
  const headers = listPlaced(meant, 'header').map((one): Pair => [one.name.toLowerCase(), writeFlat(one)]);
  const cookies = listPlaced(meant, 'cookie').map((one): Pair => [one.name, writeFlat(one)]);
  return Object.fromEntries(
    sortPairs([
      ...headers,
      ...(cookies.length > 0 ? [['cookie', cookies.map((pair) => pair.join('=')).join('; ')] as const] : []),
      ...(meant.body ? [['content-type', readType(meant.body.media)] as const] : []),
    ]),
  );
}

function readHeaders({ headers }: ReceivedRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(
    sortPairs(
      Object.entries(headers).map(([name, value]): Pair => {
        if (name === 'content-type') return [name, readType(value)];
        return [name, name === 'cookie' ? value.split('; ').map(decodeURIComponent).join('; ') : value];
      }),
    ),
  );
}

/** Without the boundary. */
function readType(mediaType: string): string {
  return mediaType.startsWith('multipart/') ? (mediaType.split(';', 1)[0] ?? '') : mediaType;
}

async function judgeBody(meant: MeantBody | null, received: ReceivedRequest): Promise<readonly string[]> {
  const sent = Buffer.from(received.body).toString();
  if (!meant) return compare('body', sent, '');
  const { media, value } = meant;
  if (/[/+]json\b|\*\/\*/.test(media)) return compare('body', JSON.parse(sent), value);
  if (media === 'application/x-www-form-urlencoded') return compare('form', ...compareForm(meant, sent));
  if (media.startsWith('multipart/')) return compare('parts', await readParts(received), listParts(meant));
  return compare('body', sent, text(value));
}

function compareForm({ value, encoding }: MeantBody, sent: string): [received: unknown, meant: unknown] {
  const values = Object.entries(value as object).map(([name, one]: [string, unknown]): MeantValue => {
    const isNested = isObject(one) || (Array.isArray(one) && one.some((member) => typeof member === 'object'));
    const { style = isNested ? 'deepObject' : 'form', explode } = encoding[name] ?? {};
    const isExploded = explode ?? (style === 'form' || style === 'deepObject');
    return { in: 'query', name, value: one, style, explode: isExploded, json: false };
  });
  return [readPairs(sent, values), sortPairs(values.flatMap(listPairs))];
}

/** A part of a form: a text, or the bytes of a file with whether it has a name. */
type Part = readonly [name: string, value: string, isFile: boolean];

/** By the reader of `fetch`. */
async function readParts({ headers, body }: ReceivedRequest): Promise<readonly Part[]> {
  const form = await new Response(body, { headers: { ...headers } }).formData();
  return await Promise.all(
    [...form].map(async ([name, part]): Promise<Part> => {
      if (typeof part === 'string') return [name, part, false];
      return [name, Buffer.from(await part.arrayBuffer()).toString('base64'), part.name !== ''];
    }),
  );
}

function listParts({ value, binary }: MeantBody): readonly Part[] {
  return Object.entries(value as object).flatMap(([name, one]: [string, unknown]) => {
    const isFile = binary.includes(name);
    return [one].flat().map((part): Part => [name, text(part), isFile]);
  });
}
