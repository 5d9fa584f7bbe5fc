import { createHash, timingSafeEqual } from 'node:crypto';
import { decodeJwt } from 'jose';
import { deriveKey } from '../../replicas/composite-key.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { CallerActionError } from '../../errors/downstream-error.js';
import type { ExchangeRequest, FormParameters } from './dialect.js';
import { mayAct } from './may-act.js';
import { ACCESS_TOKEN } from './token-types.js';

/** The party that acts for the user (RFC 8693 section 2.1, `actor_token`). */
export interface ActorToken {
  /**
   * The token, or a function that returns it. The function is called before each use of an exchanged token and should
   * cache.
   */
  token: string | (() => string | Promise<string>);
  /** `actor_token_type`. Defaults to an access token. */
  type?: string;
}

/** The subject of an actor token, as far as its claims name it. */
interface ActorClaims {
  readonly iss?: string | undefined;
  readonly sub?: string | undefined;
  readonly clientId?: string | undefined;
}

/**
 * The parameters of an actor; empty without an actor.
 *
 * @throws Error if the actor is also the subject
 * @throws CallerActionError if `may_act` of the caller's token does not name the actor
 */
export async function buildActorParameters(
  actor: ActorToken | undefined,
  { subjectToken, caller, target }: Pick<ExchangeRequest, 'subjectToken' | 'caller' | 'target'>,
): Promise<FormParameters> {
  if (!actor) return {};
  const token = await getToken(actor);
  const claims = readClaims(token);
  if (isSame(token, subjectToken) || isOf(claims, caller)) throw new Error('the actor token is of the subject itself');
  if (caller && !isNamed(claims, caller)) {
    throw new CallerActionError(
      'caller_access_denied',
      `No token for ${target.name}: may_act of the caller's token does not name the actor`,
      { downstream: target.name, advice: `The ${target.name} API cannot be called for you by this server.` },
    );
  }
  return { actor_token: token, actor_token_type: getType(actor) };
}

/** Tells actors apart in cache keys without revealing their tokens. */
export async function computeActorFingerprint(actor: ActorToken | undefined): Promise<readonly string[]> {
  if (!actor) return [];
  const token = await getToken(actor);
  const { iss, sub, clientId } = readClaims(token);
  // The actor stays the same when its token is renewed.
  const who = sub === undefined ? digest(token).toString('base64url') : deriveKey('actor', iss, sub, clientId);
  return [getType(actor), who];
}

function getType({ type = ACCESS_TOKEN }: ActorToken): string {
  return type;
}

async function getToken({ token: source }: ActorToken): Promise<string> {
  const token: unknown = typeof source === 'string' ? source : await source();
  if (typeof token !== 'string' || token === '') throw new Error('the actor token is empty');
  return token;
}

/** An opaque token has no claims. */
function readClaims(token: string): ActorClaims {
  try {
    const { iss, sub, client_id, azp } = decodeJwt(token);
    const clientId = [client_id, azp].find((name) => typeof name === 'string');
    return { iss, sub, clientId };
  } catch {
    return {};
  }
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function isOf({ iss, sub }: ActorClaims, caller: Caller | undefined): boolean {
  if (!caller || sub === undefined) return false;
  return sub === (caller.claims.sub ?? caller.subject) && (iss === undefined || iss === caller.issuer);
}

/** Whether `may_act` names the actor (RFC 8693 section 4.4). It cannot name an actor whose token has no name in it. */
function isNamed({ iss, sub, clientId }: ActorClaims, { claims, issuer }: Caller): boolean {
  if (sub === undefined && clientId === undefined) return claims.may_act === undefined;
  return [sub, clientId].some((id) => id !== undefined && mayAct(claims, { id, issuer: iss ?? issuer }));
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}
