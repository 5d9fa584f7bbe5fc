/** What a `WWW-Authenticate` value says (RFC 6750 section 3, RFC 9728 section 5.1, RFC 9449 section 7.1, RFC 9470). */
export interface ChallengeParameters {
  /** The scheme of the request, or the one to use. Defaults to `Bearer`. */
  readonly scheme?: 'Bearer' | 'DPoP';
  /** Absent where the request carried no credentials at all (RFC 6750 section 3.1). */
  readonly error?: ChallengeError;
  /** For the developer of the client. */
  readonly errorDescription?: string;
  /** Scopes that would do. */
  readonly scopes?: readonly string[];
  /** RFC 9470: what the user's sign-in should be like. */
  readonly acrValues?: readonly string[];
  /** RFC 9470, in milliseconds: how long ago it may have been. */
  readonly maxAgeMs?: number | undefined;
  /** A claims request as JSON; base64 in the challenge (Entra ID, claims challenge). */
  readonly claims?: string | undefined;
  /** Where to sign in with these claims: `authorization_uri` (Entra ID, claims challenge). */
  readonly authorizationUri?: string | undefined;
  /** Address of the protected resource metadata. */
  readonly resourceMetadataUrl: string;
  /** RFC 9449: algorithms of proofs; absent where they are not taken. */
  readonly proofAlgorithms?: readonly string[] | undefined;
  /** Whether nothing but DPoP will do. */
  readonly proofRequired?: boolean;
}

export type ChallengeError =
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'insufficient_claims'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce';

/** The text of a challenge: for the scheme in use, and for DPoP besides, where the server takes both. */
export function formatChallenge(parameters: ChallengeParameters): string {
  const { proofAlgorithms, proofRequired = false, scheme = proofRequired ? 'DPoP' : 'Bearer' } = parameters;
  const { error, errorDescription, scopes = [], acrValues = [], maxAgeMs } = parameters;
  const { claims, authorizationUri, resourceMetadataUrl } = parameters;
  const algs: Parameter = ['algs', joinWords(proofAlgorithms ?? [])];
  const inUse = `${scheme} ${formatParameters([
    ['error', error],
    ['error_description', errorDescription],
    ['scope', joinWords(scopes)],
    ['acr_values', joinWords(acrValues)],
    ['max_age', maxAgeMs === undefined ? undefined : String(Math.floor(maxAgeMs / 1000))],
    ['claims', claims === undefined ? undefined : Buffer.from(claims).toString('base64')],
    ['authorization_uri', authorizationUri],
    ['resource_metadata', resourceMetadataUrl],
    ...(scheme === 'DPoP' ? [algs] : []),
  ])}`;
  return scheme === 'Bearer' && algs[1] !== undefined ? `${inUse}, DPoP ${formatParameters([algs])}` : inUse;
}

type Parameter = readonly [name: string, value: string | undefined];

function formatParameters(parameters: readonly Parameter[]): string {
  return parameters.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${quote(value)}`])).join(', ');
}

function joinWords(values: readonly string[]): string | undefined {
  return values.length > 0 ? values.join(' ') : undefined;
}

/** RFC 9110 section 5.6.4, kept to printable ASCII, so that no value can end the string or the header. */
function quote(value: string): string {
  return `"${value.replace(/[^\x20-\x7E]/g, '?').replace(/["\\]/g, '\\$&')}"`;
}
