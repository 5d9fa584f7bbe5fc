import { compareValues, tellValue, type Refusal } from '../../errors/refusal.js';
import type { Issuer } from '../issuers/issuer.js';
import type { TokenHeader } from '../issuers/issuer-keys.js';

/**
 * Why no key of the issuer has signed a token.
 *
 * @param tried - how many keys fit the header
 */
export function describeUnknownKey(
  { alg, kid }: TokenHeader,
  { tried, kids }: { readonly tried: number; readonly kids: readonly string[] },
  { options: { jwks, identifier } }: Issuer,
): Refusal {
  const place = jwks ? '`jwks` of the issuer' : `the key set at jwks_uri of ${identifier}`;
  if (tried === 0)
    return {
      detail: `${compareValues('its kid', kid, kids)} for alg ${tellValue(alg)}, the keys of ${identifier}`,
      fix: `Compare it with ${place}. A token of another environment with the same issuer identifier has such a key, and so has one that was signed with a key that is withdrawn.`,
    };
  const which = `${tried} ${tried === 1 ? 'key' : 'keys'} of ${identifier}`;
  return {
    detail: `its kid is ${tellValue(kid)} (alg ${tellValue(alg)}), and ${which} fit its header, but none has signed it`,
    fix: `Compare it with ${place}. The token was changed on its way, is cut off, or is of another environment.`,
  };
}
