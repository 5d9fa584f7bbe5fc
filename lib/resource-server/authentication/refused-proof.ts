import { decodeProtectedHeader, errors } from 'jose';
import { compareValues } from '../../errors/refusal.js';
import { ProofError } from './proof-error.js';

/** What comes between a client and the server may change headers. */
export const PROXIES = 'Have the client send exactly one `DPoP` header, and proxies pass it on.';

/** What RFC 9449 demands of a client alone. */
const OF_CLIENT = 'No option accepts that. The client has to make its proofs as RFC 9449 section 4.2 has it.';

/** @param message - for the client's developer. It repeats no part of the proof */
export function createRefusedProof(message: string, detail: string, fix = OF_CLIENT): ProofError {
  return new ProofError('invalid_dpop_proof', message, { detail, fix });
}

/** @param thrown - by jose, when it verified the proof */
export function describeProblem(thrown: unknown, proof: string, algorithms: readonly string[]): ProofError {
  const { alg, typ } = readHeader(proof);
  if (thrown instanceof errors.JOSEAlgNotAllowed)
    return createRefusedProof(
      'The DPoP proof is signed with an algorithm that is not accepted',
      compareValues('its alg', alg, algorithms),
      'Name it in `proof.dpop.algorithms`, if it is an asymmetric one that clients need.',
    );
  if (thrown instanceof errors.JWTInvalid)
    return createRefusedProof('The DPoP proof has claims that are no JSON object', 'they cannot be read');
  if (thrown instanceof errors.JWTExpired)
    return createRefusedProof('The DPoP proof has expired', 'its exp is in the past');
  if (thrown instanceof errors.JWTClaimValidationFailed)
    return createRefusedProof(
      `The DPoP proof has no usable ${thrown.claim}`,
      thrown.claim === 'typ' ? compareValues('its typ', typ, ['dpop+jwt']) : `its ${thrown.claim} is missing or wrong`,
    );
  return createRefusedProof(
    'The DPoP proof is not signed with the public key in its header',
    compareValues('the alg of its header', alg, 'a signature by the key in its jwk'),
  );
}

function readHeader(proof: string): { readonly alg?: unknown; readonly typ?: unknown } {
  try {
    return decodeProtectedHeader(proof);
  } catch {
    return {};
  }
}
