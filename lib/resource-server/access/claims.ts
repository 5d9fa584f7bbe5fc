/** The claims of a verified token, or of the answer to an introspection. */
export type TokenClaims = Readonly<Record<string, unknown>>;
