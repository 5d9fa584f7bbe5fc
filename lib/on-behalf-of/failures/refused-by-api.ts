import type { Caller } from '../../resource-server/access/caller.js';
import { hideSecrets } from '../../resource-server/issuers/sent-secrets.js';
import { tellValue } from '../../errors/refusal.js';
import type { ExchangedToken } from '../dialects/dialect.js';
import type { ResolvedDownstream } from '../options/resolved-downstream.js';
import { readErrorName } from './answer-fields.js';
import { describeToken } from './described-token.js';
import type { Failure, FailureCode } from './failure.js';

/** A token that was sent to an API. */
export interface SentToken {
  /** The token. */
  readonly token: ExchangedToken;
  /** Whether it had just taken the place of another that the API refused. */
  readonly isRenewed: boolean;
  /** The caller; `undefined` for an anonymous one. */
  readonly caller: Pick<Caller, 'appOnly' | 'scopes'> | undefined;
}

/** Claims that tell an operator why an API refuses a token. None of them names the user. */
const TOLD_CLAIMS = ['iss', 'aud', 'scope', 'scp', 'azp', 'client_id', 'appid'];

/**
 * Finds the scopes that an API wants and that this server never asks for. Nobody who calls this server can get them.
 *
 * @param wanted - by their names at the API
 */
export function findUnasked(
  wanted: readonly string[],
  { scopes: asked, scopeMap }: ResolvedDownstream,
  sent: SentToken | undefined,
): readonly string[] {
  const unasked = wanted.filter((scope) => !asked.some((one) => isSameScope(one, scope)));
  const own = wanted.flatMap((scope) => scopeMap.get(scope) ?? []);
  const held = sent?.caller?.scopes ?? [];
  // A client can ask for what `scopeMap` names, unless it has that already.
  return own.every((scope) => held.includes(scope)) ? unasked : [];
}

/** Scopes may have the address of their API before them (Entra ID), and `.default` stands for all of them. */
function isSameScope(asked: string, wanted: string): boolean {
  return (
    asked === wanted || asked.endsWith('/.default') || asked.endsWith(`/${wanted}`) || wanted.endsWith(`/${asked}`)
  );
}

/** Says to operators what an API answered, and if they can act on it, what came and what was wanted. */
export function describeApiAnswer(
  code: FailureCode,
  failure: Failure,
  target: ResolvedDownstream,
  sent: SentToken | undefined,
): string {
  const { status, error, unasked = [] } = failure;
  if (code !== 'exchange_misconfigured' || error === undefined) return `${target.name} answered ${String(status)}`;
  const answer = `${target.name} answered ${String(status)} ${readErrorName(error)}${describeProse(failure, sent)}`;
  if (unasked.length > 0)
    return `${answer}. It wants the scopes ${tellValue(unasked.join(' '))}, and asked for are ${tellValue(target.scopes.join(' '))}`;
  if (!sent) return answer;
  const when = sent.isRenewed ? ' to a token that was renewed just now' : ' to the token of this server';
  return `${answer}${when}: ${describeToken(sent.token, TOLD_CLAIMS)}`;
}

/** `error_description` is for developers (RFC 6750 section 3), and may repeat what was sent. */
function describeProse({ description }: Failure, sent: SentToken | undefined): string {
  if (description === undefined) return '';
  return `, ${tellValue(hideSecrets(description, sent ? [sent.token.value] : []))}`;
}
