import { describeError } from '../errors/reason.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { Caller } from '../resource-server/access/caller.js';
import { findAccessTokenKey } from '../resource-server/authentication/access-token-key.js';
import { InvalidTokenError } from '../resource-server/authentication/invalid-token-error.js';
import { readToken } from '../resource-server/authentication/signed-token.js';
import { checkRequiredClaims, toCaller } from '../resource-server/authentication/token-claims.js';
import { createUnreadError } from '../resource-server/authentication/unread-token.js';
import type { Issuer } from '../resource-server/issuers/issuer.js';
import type { Issuers } from '../resource-server/issuers/issuers.js';
import type { ExaminedTool } from './downstream-checks.js';
import type { ExchangeProbes } from './exchange-probes.js';
import type { Finding } from './finding.js';
import { nameScreen } from './provider-screens.js';

/** What is known when a token is walked through the server. */
export interface Walk {
  readonly options: ResolvedOptions;
  readonly issuers: Issuers;
  readonly tools: readonly ExaminedTool[] | undefined;
  readonly probes: ExchangeProbes;
}

/**
 * Does with the token of a user what the server does with it at a call: verifies it, compares its scopes with those of
 * the tools, and exchanges it for each downstream. The token is in no finding.
 */
export async function walkToken(
  token: string,
  { options, issuers, tools = [], probes }: Walk,
): Promise<readonly Finding[]> {
  let verified;
  try {
    verified = await verify(token, issuers);
  } catch (error) {
    return [explainRejection(error, token, issuers, options)];
  }
  const { caller, issuer } = verified;
  return [
    {
      code: 'token_accepted',
      severity: 'info',
      subject: issuer.identifier,
      message: `Step 7: the token is good here. It is of the client ${caller.clientId ?? '(unnamed)'}, and has the scopes ${caller.scopes.join(' ') || '(none)'}.`,
      fix: 'Nothing.',
    },
    ...checkScopesOf(caller, tools, issuer),
    ...(await probes.exchange(caller, issuer)),
  ];
}

async function verify(token: string, issuers: Issuers): Promise<{ caller: Caller; issuer: Issuer }> {
  const signed = readToken(token, issuers);
  if (!signed) throw createUnreadError(token, issuers);
  const { issuer, header, claims } = signed;
  await findAccessTokenKey(signed);
  checkRequiredClaims(claims, issuer.options);
  return { caller: toCaller(claims, token, issuer.options, { typ: header.typ }), issuer };
}

function explainRejection(thrown: unknown, token: string, issuers: Issuers, { resource }: ResolvedOptions): Finding {
  const finding = { code: 'token_refused', severity: 'error', subject: resource } as const;
  if (!(thrown instanceof InvalidTokenError))
    return {
      ...finding,
      message: `Step 7: the token cannot be verified: ${describeError(thrown)}`,
      fix: 'See the other findings.',
    };
  const { message, refusal } = thrown;
  const issuer = readToken(token, issuers)?.issuer.identifier;
  const screen = issuer !== undefined && /\baud\b/.test(refusal.detail) ? ` ${nameScreen(issuer, 'audience')}` : '';
  return { ...finding, message: `Step 7: ${message}: ${refusal.detail}.`, fix: `${refusal.fix}${screen}` };
}

function checkScopesOf({ scopes }: Caller, tools: readonly ExaminedTool[], { identifier }: Issuer): readonly Finding[] {
  const closed = tools.filter((tool) => !tool.scopes.every((scope) => scopes.includes(scope)));
  if (closed.length === 0) return [];
  const missing = [...new Set(closed.flatMap((tool) => tool.scopes))].filter((scope) => !scopes.includes(scope));
  return [
    {
      code: 'token_lacks_scopes',
      severity: 'warning',
      subject: closed.map(({ name }) => name).join(', '),
      message: `Step 8: the token has no ${missing.join(', ')}, so the client is asked to step up for these tools.`,
      fix: `Nothing, if the client steps up. Otherwise name the scopes in \`initialScopes\`, and allow the client of the user to ask for them. ${nameScreen(identifier, 'scope').replace('the client of this server', 'the client of the user')}`,
    },
  ];
}
