export interface ServerOptions {
  /** URL of the endpoint, which tokens carry in `aud`. */
  readonly resource: string;
  readonly issuer: string;
}
