/** Why a downstream refused a token, and what it demands instead. */
export interface TokenDemand {
  /** The refused token. */
  readonly refused: string;
  /** The claims request, as JSON, that the downstream demands. */
  readonly claims?: string | undefined;
}
