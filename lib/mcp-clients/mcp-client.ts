/** A server, as its users add it to their clients. */
export interface AddedServer {
  /** Its name in the clients' configurations: letters, digits, `-` and `_`. */
  readonly name: string;
  /** `resource` of the server. */
  readonly url: string;
  /** The client ID, if the operator has registered the client. */
  readonly clientId?: string | undefined;
  /** For clients that have to be told; `undefined` if it is not known. */
  readonly authorizationServer?: AuthorizationServerEndpoints | undefined;
  /** The scopes that clients ask for first. */
  readonly scopes?: readonly string[] | undefined;
}

/** Where users sign in, and where clients get tokens (RFC 8414 section 2). */
export interface AuthorizationServerEndpoints {
  readonly authorization: string;
  readonly token: string;
}

/** Something to paste, to run or to type. */
export interface ClientStep {
  /** Where it goes: a file, a shell, a form. */
  readonly place: string;
  readonly language: 'json' | 'sh' | 'text';
  readonly text: string;
}

/** Where a client is sent back to after the sign-in, as it is entered at an authorization server. */
export interface RedirectUri {
  readonly uri: string;
  /** When the client uses it, and what to know of it. */
  readonly use: string;
  /** Whether the client adds a port of its choice (RFC 8252 section 7.3). */
  readonly anyPort?: boolean;
}

/** An MCP client, and what its users and operators need to know of it. */
export interface McpClient {
  readonly id: string;
  readonly title: string;
  /** The page about it, in `docs/clients/`. */
  readonly page: string;
  /** URL of its client ID metadata document, if it has one that is known. */
  readonly metadataDocument?: string;
  readonly redirectUris: readonly RedirectUri[];
  /** How the server is added. */
  readonly steps: (server: AddedServer) => readonly ClientStep[];
}
