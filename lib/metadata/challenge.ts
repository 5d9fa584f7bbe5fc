/** What a `WWW-Authenticate` value of the Bearer scheme says (RFC 6750 section 3, RFC 9728 section 5.1). */
export interface ChallengeParameters {
  /** Absent where the request carried no credentials at all (RFC 6750 section 3.1). */
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope';
  /** For the developer of the client. */
  readonly errorDescription?: string;
  /** Scopes that would do. */
  readonly scopes?: readonly string[];
  /** Address of the protected resource metadata. */
  readonly resourceMetadataUrl: string;
}

/** The text of a challenge. */
export function challenge({ error, errorDescription, scopes = [], resourceMetadataUrl }: ChallengeParameters): string {
  const parameters = [
    ['error', error],
    ['error_description', errorDescription],
    ['scope', scopes.length > 0 ? scopes.join(' ') : undefined],
    ['resource_metadata', resourceMetadataUrl],
  ] as const;
  return `Bearer ${parameters.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${quoted(value)}`])).join(', ')}`;
}

/** RFC 9110 section 5.6.4, kept to printable ASCII, so that no value can end the string or the header. */
function quoted(value: string): string {
  return `"${value.replace(/[^\x20-\x7E]/g, '?').replace(/["\\]/g, '\\$&')}"`;
}
