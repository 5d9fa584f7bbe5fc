/** What is wrong with the token that a downstream was called with, and what it wants instead. */
export interface TokenDemand {
  /** The token that it refused. */
  readonly refused: string;
  /** The claims request, as JSON, that it demands. */
  readonly claims?: string | undefined;
}
