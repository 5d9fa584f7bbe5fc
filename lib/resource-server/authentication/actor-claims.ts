import type { Actor } from '../access/actor.js';
import type { TokenClaims } from '../access/claims.js';
import { compareValues } from '../../errors/refusal.js';
import { InvalidTokenError } from './invalid-token-error.js';
import { isJsonObject } from '../../json/json-object.js';

/**
 * Reads the current actor of a token (`act`), with the previous actors nested in it.
 *
 * @param maxActors - maximum number of actors, including nested ones
 * @throws {@link InvalidTokenError} if there are too many actors, or one is malformed or has no name
 */
export function readActor(claims: TokenClaims, maxActors: number): Actor | undefined {
  const parties: TokenClaims[] = [];
  for (let act = claims.act; act !== undefined; act = parties.at(-1)?.act) {
    if (parties.length === maxActors)
      throw createActorError(
        'The token has more actors than are accepted',
        `more than ${maxActors} actors are nested in its act`,
        `Raise \`maxActors\` of the issuer, if so many parties may act for a user.`,
      );
    if (!isJsonObject(act))
      throw createActorError(
        'The token has an actor that is not an object',
        compareValues('its act', act, 'an object'),
      );
    parties.push(act);
  }
  return parties.reduceRight<Actor | undefined>((earlier, party) => toActor(party, earlier), undefined);
}

function toActor(claims: TokenClaims, earlier: Actor | undefined): Actor {
  const [subject, issuer, clientId] = ['sub', 'iss', 'client_id'].map((claim) => {
    const value = claims[claim];
    if (value === undefined || (typeof value === 'string' && value !== '')) return value;
    throw createActorError(
      `The token has an actor whose ${claim} is not a string`,
      compareValues(`${claim} in its act`, value, 'a text'),
    );
  });
  if (subject === undefined && clientId === undefined) {
    throw createActorError('The token has an actor that it does not name', 'its act has neither sub nor client_id');
  }
  return { subject, issuer, clientId, claims, ...(earlier && { actor: earlier }) };
}

function createActorError(
  message: string,
  detail: string,
  fix = 'No option accepts that. Have the issuer write `act` as RFC 8693 section 4.1 demands.',
): InvalidTokenError {
  return new InvalidTokenError(message, { problem: 'actor', detail, fix });
}
