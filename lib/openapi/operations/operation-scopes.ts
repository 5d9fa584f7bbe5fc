import { isJsonObject } from '../../json/json-object.js';
import { locate, type OpenApiDocument } from '../documents/open-api-document.js';
import type { ApiOperation } from './api-operation.js';

/** What the document says about who may do an operation (OpenAPI 3.1, Security Requirement Object). */
export interface DocumentedSecurity {
  /** Ways to be allowed in, one of which is enough. Each demands all of its scopes. */
  readonly alternatives: readonly (readonly string[])[];
  /** Whether it may be called without any credentials. */
  readonly isOptional: boolean;
}

/** Types of schemes whose requirements list scopes of tokens. Roles of `http` bearer tokens are since OpenAPI 3.1. */
const SCOPED: ReadonlySet<unknown> = new Set(['oauth2', 'openIdConnect', 'http']);

/** Reads the scopes that an operation demands: any of its entries, and all scopes of that entry. */
export function readSecurity(document: OpenApiDocument, { security }: ApiOperation): DocumentedSecurity {
  const entries = security ?? [];
  const alternatives = entries
    .filter((entry) => Object.keys(entry).length > 0)
    .map((entry) =>
      Object.entries(entry).flatMap(([name, scopes]) => {
        const scheme = document.follow(locate(document.root, 'components', 'securitySchemes', name)).value;
        if (!isJsonObject(scheme) || !SCOPED.has(scheme.type) || !Array.isArray(scopes)) return [];
        return scopes.filter((one): one is string => typeof one === 'string' && one !== '');
      }),
    );
  return {
    alternatives: alternatives.map((scopes) => [...new Set(scopes)]),
    isOptional: entries.some((entry) => Object.keys(entry).length === 0),
  };
}
