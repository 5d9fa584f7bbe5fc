import { createHash, timingSafeEqual } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { ExchangeRequest, FormParameters } from './dialect.js';
import { ACCESS_TOKEN } from './token-types.js';

/** The party that acts for the user (RFC 8693 section 2.1, `actor_token`). */
export interface ActorToken {
  /** The token, or a function that is asked for it before each exchange. */
  token: string | (() => string | Promise<string>);
  /** `actor_token_type`. Defaults to an access token. */
  type?: string;
}

/**
 * The parameters of an actor, none where there is none.
 *
 * @throws Error if the actor is the subject: nobody acts for themselves
 */
export async function actorParameters(
  actor: ActorToken | undefined,
  { subjectToken, caller }: Pick<ExchangeRequest, 'subjectToken' | 'caller'>,
): Promise<FormParameters> {
  if (!actor) return {};
  const token = typeof actor.token === 'string' ? actor.token : await actor.token();
  if (token === '') throw new Error('the actor token is empty');
  if (isSame(token, subjectToken) || isOf(token, caller)) throw new Error('the actor token is of the subject itself');
  return { actor_token: token, actor_token_type: actor.type ?? ACCESS_TOKEN };
}

/** Tells one actor from another in cache keys, and nothing of its token. */
export function actorFingerprint(actor: ActorToken | undefined): string {
  if (!actor) return '';
  return typeof actor.token === 'string' ? digest(actor.token).toString('base64url') : 'asked for each time';
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function isOf(token: string, caller: ExchangeRequest['caller']): boolean {
  try {
    const { iss, sub } = decodeJwt(token);
    return sub !== undefined && sub === caller?.subject && (iss === undefined || iss === caller.issuer);
  } catch {
    // An opaque token tells nothing.
    return false;
  }
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
