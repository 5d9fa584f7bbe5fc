/** The claims of a verified token or of an introspection response. */
export type TokenClaims = Readonly<Record<string, unknown>>;

/** Claims that say what a token is for: Keycloak's `typ`, Cognito's `token_use`, `token_type` of RFC 7662. */
export const CLAIMS_OF_USE: readonly string[] = ['typ', 'token_use', 'token_type'];
