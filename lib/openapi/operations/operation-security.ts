import { isJsonObject } from '../../json/json-object.js';
import { findScopeProblem } from '../../options/option-rules.js';
import { DocumentProblem } from '../documents/document-problem.js';
import { describePlace, locate, type Located, type OpenApiDocument } from '../documents/open-api-document.js';

/**
 * Sets of scopes, one of which callers need whole. None at all, or an empty one, if the document demands no scopes. A
 * valid token is needed all the same.
 */
export type SecurityAlternatives = readonly (readonly string[])[];

/** Clients ask their own authorization server for it. No API needs it. */
const REFRESH = 'offline_access';

/**
 * Reads what an operation demands of tokens (OpenAPI 3.1, Security Requirement Object): one of its entries, and all
 * scopes of that entry. Without `security` of its own, that of the document counts.
 *
 * An entry without OAuth, OpenID Connect or roles of a bearer token says nothing about the scopes of a token. It counts
 * only where no other entry does. An empty entry, or one of OAuth without scopes, makes all scopes needless.
 *
 * @throws {@link DocumentProblem} if it cannot be understood. Nothing is then known of who may do it
 */
export function readSecurity(document: OpenApiDocument, operation: Located): SecurityAlternatives {
  const own = locate(operation, 'security');
  const list = own.value === undefined ? locate(document.root, 'security') : own;
  if (list.value === undefined) return [];
  if (!Array.isArray(list.value)) throw new DocumentProblem(describePlace(list), 'is no list. Write one');
  return list.value
    .map((_entry, index) => readEntry(document, locate(list, index)))
    .filter((scopes) => scopes !== undefined);
}

/** @returns the scopes, or `undefined` if the entry says nothing about scopes */
function readEntry(document: OpenApiDocument, entry: Located): readonly string[] | undefined {
  if (!isJsonObject(entry.value))
    throw new DocumentProblem(describePlace(entry), 'is not a Security Requirement Object');
  const names = Object.keys(entry.value);
  const scopes = new Set<string>();
  let isAboutScopes = names.length === 0;
  for (const name of names) {
    const listed = readScopes(locate(entry, name));
    if (!canHaveScopes(document, entry, name, listed)) continue;
    isAboutScopes = true;
    for (const scope of listed) scopes.add(scope);
  }
  return isAboutScopes ? [...scopes] : undefined;
}

function readScopes(list: Located): readonly string[] {
  const { value } = list;
  if (!Array.isArray(value) || !value.every((scope) => typeof scope === 'string'))
    throw new DocumentProblem(describePlace(list), 'is no list of scopes. Write one, which may be empty');
  // Some documents write several scopes as one, as a token request has them.
  const scopes = value.flatMap((scope) => scope.split(' ')).filter((scope) => scope !== '' && scope !== REFRESH);
  for (const scope of scopes) {
    const problem = findScopeProblem(scope);
    if (problem) throw new DocumentProblem(describePlace(list), `has "${scope}", which ${problem}`);
  }
  return scopes;
}

/** Whether a requirement is about the scopes of a token. A bearer token has roles since OpenAPI 3.1. */
function canHaveScopes(document: OpenApiDocument, entry: Located, name: string, listed: readonly string[]): boolean {
  const scheme = findScheme(document, entry, name);
  const { type } = scheme.value as { readonly type?: unknown };
  switch (type) {
    case 'oauth2':
    case 'openIdConnect':
      return true;
    case 'http':
      return listed.length > 0;
    case 'apiKey':
    case 'mutualTLS':
      return false;
    default:
      throw new DocumentProblem(
        describePlace(scheme),
        `has the type ${JSON.stringify(type)}, which no security scheme has. Use oauth2, openIdConnect, http, apiKey or mutualTLS`,
      );
  }
}

/** Finds a scheme by its name among the components, or by its URI (OpenAPI 3.2, Security Requirement Object). */
function findScheme(document: OpenApiDocument, entry: Located, name: string): Located {
  const component = locate(document.root, 'components', 'securitySchemes', name);
  const scheme =
    component.value === undefined && name.includes('/')
      ? document.follow(document.find(entry, name))
      : document.follow(component);
  if (isJsonObject(scheme.value)) return scheme;
  throw new DocumentProblem(
    describePlace(entry),
    `names "${name}", which \`components.securitySchemes\` does not have. Add it there`,
  );
}
