import type { ExaminedDocument } from '../openapi/offers/examined-document.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { createClearTextFinding } from './clear-text-checks.js';
import type { Finding } from './finding.js';

/** Operations that a finding names. */
const MAX_NAMED = 5;

/** Checks what OpenAPI documents have become against the downstreams that are their APIs. */
export function checkApiDocuments(documents: readonly ExaminedDocument[], options: ResolvedOptions): Finding[] {
  return documents.flatMap((document) => [
    ...describeClearText(document),
    ...checkScopes(document),
    ...checkLeftOut(document),
    ...checkServers(document, options),
  ]);
}

function describeClearText({ place, acceptClearText }: ExaminedDocument): Finding[] {
  if (!acceptClearText) return [];
  return [
    createClearTextFinding(
      `${place}, acceptClearText`,
      'The document may come in clear text. Whoever is on the way can say which tools there are, and what they need.',
    ),
  ];
}

function checkScopes({ place, operations }: ExaminedDocument): Finding[] {
  const open = operations.filter(({ scopes, isAnonymous }) => !isAnonymous && isWithoutScopes(scopes));
  if (open.length === 0) return [];
  const named = nameSome(open.map(({ operation: { method, path } }) => `${method} ${path}`));
  return [
    {
      code: 'operations_without_scopes',
      severity: open.some(({ isReadOnly }) => !isReadOnly) ? 'warning' : 'info',
      subject: place,
      message: `Any valid token is enough for ${open.length === 1 ? 'an operation' : `${open.length} operations`}: ${named}.`,
      fix: 'If more should be needed, add `security` to the document, or scopes with `scopes` of @McpOpenApi or with @McpDefaults.',
    },
  ];
}

function isWithoutScopes(scopes: ExaminedDocument['operations'][number]['scopes']): boolean {
  return scopes === undefined || (Array.isArray(scopes) && scopes.length === 0);
}

function checkLeftOut({ place, leftOut }: ExaminedDocument): Finding[] {
  if (leftOut.length === 0) return [];
  return [
    {
      code: 'operations_left_out',
      severity: 'warning',
      subject: place,
      message: `It cannot offer all that is chosen: ${nameSome(leftOut)}.`,
      fix: 'Mend the document there, or leave the operations out with `exclude`.',
    },
  ];
}

/** Calls go to the `baseUrl` of the downstream. Below it the path of a relative server is kept. */
function checkServers({ place, downstream, servers }: ExaminedDocument, { downstreams }: ResolvedOptions): Finding[] {
  const baseUrl = downstreams.get(downstream)?.baseUrl;
  if (baseUrl === undefined || servers.length === 0) return [];
  const base = toPlace(baseUrl);
  const places = servers.map((server) => toPlace(server));
  const isSame = ({ origin, path }: Place) =>
    origin === undefined ? base.path === '' || base.path.endsWith(path) : origin === base.origin && path === base.path;
  if (places.some(isSame)) return [];
  const hasPath = places.some(({ origin, path }) => origin !== undefined && path === base.path);
  const kept = places[0]?.origin === undefined ? (places[0]?.path ?? '') : '';
  return [
    {
      code: 'server_url_mismatch',
      severity: hasPath ? 'info' : 'warning',
      subject: place,
      message: `The document says that the API is at ${nameSome(places.map(describe))}, and \`downstreams.${downstream}.baseUrl\` is ${describe(base)}. Calls go to ${describe({ ...base, path: base.path + kept })}.`,
      fix: hasPath
        ? 'Nothing, if that is the same API by another name.'
        : 'Check that the API is there. If it is, all is well.',
    },
  ];
}

interface Place {
  readonly origin: string | undefined;
  readonly path: string;
}

function describe({ origin = '', path }: Place): string {
  return `${origin}${path === '' ? '/' : path}`;
}

/** Origin, if it is known, and path without a slash at its end. */
function toPlace(url: string | URL): Place {
  const text = String(url);
  if (!URL.canParse(text, 'https://relative.invalid')) return { origin: text, path: '' };
  const { origin, pathname } = new URL(text, 'https://relative.invalid');
  return { origin: URL.canParse(text) ? origin : undefined, path: pathname.replace(/\/+$/, '') };
}

function nameSome(names: readonly string[]): string {
  const others = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return `${names.slice(0, MAX_NAMED).join(', ')}${others}`;
}
