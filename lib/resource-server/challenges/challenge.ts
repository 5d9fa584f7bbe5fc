/** Content of `WWW-Authenticate` (RFC 6750 section 3, RFC 9728 section 5.1, RFC 9449 section 7.1, RFC 9470). */
export interface ChallengeParameters {
  /** The scheme of the request, or the one to use. Defaults to `Bearer`. */
  readonly scheme?: 'Bearer' | 'DPoP';
  /** Absent if the request has no credentials (RFC 6750 section 3.1). */
  readonly error?: ChallengeError;
  /** For the developer of the client. */
  readonly errorDescription?: string;
  /** Scopes that are sufficient. */
  readonly scopes?: readonly string[];
  /** RFC 9470: accepted values of `acr`. */
  readonly acrValues?: readonly string[];
  /** RFC 9470: maximum time since the user signed in, in milliseconds. */
  readonly maxAgeMs?: number | undefined;
  /** A claims request as JSON. The challenge encodes it as base64 (Entra ID, claims challenge). */
  readonly claims?: string | undefined;
  /** Where to sign in with these claims: `authorization_uri` (Entra ID, claims challenge). */
  readonly authorizationUri?: string | undefined;
  /** URL of the protected resource metadata. */
  readonly resourceMetadataUrl: string;
  /** RFC 9449: accepted algorithms of proofs. Absent if DPoP is not supported. */
  readonly proofAlgorithms?: readonly string[] | undefined;
  /** Whether DPoP is required. */
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

/** Formats the challenge for the scheme in use. Adds one for DPoP if the server accepts both schemes. */
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

/** A quoted string (RFC 9110 section 5.6.4) in printable ASCII. No value can end the string or the header. */
function quote(value: string): string {
  return `"${value.replace(/[^\x20-\x7E]/g, '?').replace(/["\\]/g, '\\$&')}"`;
}
