import type { IssuerMetadata } from '../resource-server/issuers/issuer-metadata.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { selectInitialScopes } from '../resource-server/catalogue/initial-scopes.js';
import type { ExaminedTool } from './downstream-checks.js';
import type { Finding } from './finding.js';
import { isEntra } from './resource-checks.js';

/**
 * Checks whether the authorization server advertises the scopes that clients will request. Advertising scopes is
 * optional (RFC 8414 section 2), and many servers advertise only those of OpenID Connect.
 *
 * @param prefix - what clients put before a scope when they request it
 */
export function checkScopes(
  issuer: string,
  { scopes_supported: supported }: IssuerMetadata,
  scopes: readonly string[],
  prefix = '',
): Finding[] {
  const missing = scopes.filter((scope) => !supported?.includes(scope) && !supported?.includes(`${prefix}${scope}`));
  if (missing.length === 0) return [];
  return [
    {
      code: 'scopes_not_advertised',
      severity: 'info',
      subject: issuer,
      message: supported
        ? `Its scopes_supported does not list ${missing.join(', ')}.`
        : `Its metadata has no scopes_supported, so it is unknown whether it knows ${missing.join(', ')}.`,
      fix: 'Check that these scopes are registered there. If they are, all is well: not every server lists all of its scopes.',
    },
  ];
}

/**
 * Finds tools for which clients ask Entra ID without a scope, which it refuses. Tools for everyone need no token, and a tool
 * that computes its scopes may ask for some.
 */
export function checkEntraScopes(
  tools: readonly ExaminedTool[],
  { issuers, initialScopes }: Pick<ResolvedOptions, 'issuers' | 'initialScopes'>,
): Finding[] {
  const without = tools
    .filter(({ scopes, computesScopes, anonymous }) => scopes.length === 0 && !computesScopes && !anonymous)
    .map(({ name }) => name);
  // Clients are told of these when they begin, whichever tool they mean.
  const isToldOfSome = (initialScopes ?? []).length > 0;
  if (without.length === 0 || isToldOfSome || !issuers.some(isEntra)) return [];
  return [
    {
      code: 'entra_scopes_missing',
      severity: 'warning',
      subject: `@McpTool ${without.join(', ')}`,
      message:
        'They have no `scopes`. A client that is told of no scope asks for none, and Entra ID refuses that (AADSTS900144).',
      fix: 'Give each tool a scope of the registration ("Expose an API"), or set `scopes.initial`.',
    },
  ];
}

/** Tells which scopes clients get by stepping up alone. Not every client can. */
export function describeStepUp(
  tools: readonly ExaminedTool[],
  { initialScopes, list }: Pick<ResolvedOptions, 'initialScopes' | 'list'>,
): Finding[] {
  const offers = tools.map(({ scopes, readOnly = false }) => ({ access: { scopes }, readOnly }));
  const initial = selectInitialScopes({ initialScopes, list }, offers);
  const later = [...new Set(tools.flatMap(({ scopes }) => scopes))].filter((scope) => !initial.includes(scope)).sort();
  if (later.length === 0) return [];
  return [
    {
      code: 'step_up_needed',
      severity: 'info',
      subject: 'scopes.initial',
      message: `Clients start with ${initial.join(', ') || 'no scopes'}, and get ${later.join(', ')} by stepping up (403 insufficient_scope). Some clients cannot, and their users cannot use these tools.`,
      fix: `Name these scopes in \`scopes.initial\` too, if your users have such clients. docs/clients/index.md lists them.`,
    },
  ];
}
