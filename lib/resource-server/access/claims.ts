/** The claims of a verified token or of an introspection response. */
export type TokenClaims = Readonly<Record<string, unknown>>;
