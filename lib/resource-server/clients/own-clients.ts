/** A client that this server is at an authorization server, and gets tokens with. */
export interface OwnClient {
  /** Issuer where it is registered; `undefined` if the server has only one. */
  readonly issuer: string | undefined;
  readonly id: string;
}

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    /** All clients that the server gets tokens with. */
    readonly ownClients: readonly OwnClient[];
  }
}
