/**
 * What is missing at the provider: a policy or grant for this server, the target, a scope of this server's client, or the
 * consent of the user.
 */
export type DocumentedCause = 'policy' | 'target' | 'scope' | 'consent';

interface DocumentedRefusal {
  readonly error: string;
  readonly description: RegExp;
  readonly cause: DocumentedCause;
}

/**
 * Answers whose `error` does not say whether the user or the set-up is at fault, while the provider documents a
 * description that does.
 */
const REFUSALS: readonly DocumentedRefusal[] = [
  // Okta, "Tokens not issued with lifetime configured in access rule": no access policy and rule matches the request.
  { error: 'access_denied', description: /^Policy evaluation failed for this request/, cause: 'policy' },
  // Okta, "Error codes": the authorization server does not have the scope.
  { error: 'invalid_scope', description: /^One or more scopes are not configured for/, cause: 'scope' },
  // Auth0, "Application access to APIs": the client grant is missing.
  { error: 'access_denied', description: /^Client is not authorized to access /, cause: 'target' },
  // Auth0: no API has this identifier.
  { error: 'access_denied', description: /^Service not (?:found|enabled within domain)/, cause: 'target' },
  // Keycloak, StandardTokenExchangeProvider: the client scope is not assigned to the client that asks.
  { error: 'invalid_scope', description: /^Invalid scopes: /, cause: 'scope' },
  // Keycloak, StandardTokenExchangeProvider: the user has not consented to the client that asks.
  { error: 'invalid_scope', description: /^Missing consents for Token Exchange/, cause: 'consent' },
  // Entra ID, "Authentication and authorization error codes": the scope is not valid, whoever asks.
  { error: 'invalid_scope', description: /^AADSTS70011\b/, cause: 'scope' },
];

/** `error` and the description in the message of a `TokenEndpointError`. */
const MESSAGE = /\bstatus \d{3}, ([a-z_]+), "((?:[^"\\]|\\.)*)"/;

/**
 * Finds what is missing, where a provider documents its answer.
 *
 * @param message - of a `TokenEndpointError`
 * @returns `undefined` for every other answer
 */
export function findDocumentedCause(message: string): DocumentedCause | undefined {
  const [, error, description = ''] = MESSAGE.exec(message) ?? [];
  return REFUSALS.find((one) => one.error === error && one.description.test(description))?.cause;
}
