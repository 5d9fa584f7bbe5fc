import { randomUUID } from 'node:crypto';
import type {
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client';

/** What an MCP client remembers while its user is sent to sign in, and after. */
export class OAuthClient implements OAuthClientProvider {
  // RFC 8252 §7.3: a native client listens on loopback, on the port that happens to be free.
  readonly redirectUrl = 'http://127.0.0.1/callback';
  readonly clientMetadata: OAuthClientMetadata = {
    client_name: 'Walkthrough',
    redirect_uris: [this.redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
  };

  /** Where the user has to go to sign in, once the transport has asked for it. */
  authorizationUrl: URL | undefined;

  private currentState = '';
  private verifier = '';
  private information: StoredOAuthClientInformation | undefined;
  private storedTokens: StoredOAuthTokens | undefined;
  private discovery: OAuthDiscoveryState | undefined;

  redirectToAuthorization(url: URL): void {
    this.authorizationUrl = url;
  }

  state(): string {
    this.currentState = randomUUID();
    return this.currentState;
  }

  checkState(authorizationResponse: URL): void {
    if (authorizationResponse.searchParams.get('state') !== this.currentState) {
      throw new Error('the authorization response belongs to another request');
    }
  }

  clientInformation(): StoredOAuthClientInformation | undefined {
    return this.information;
  }

  saveClientInformation(information: StoredOAuthClientInformation): void {
    this.information = information;
  }

  tokens(): StoredOAuthTokens | undefined {
    return this.storedTokens;
  }

  saveTokens(tokens: StoredOAuthTokens): void {
    this.storedTokens = tokens;
  }

  codeVerifier(): string {
    return this.verifier;
  }

  saveCodeVerifier(codeVerifier: string): void {
    this.verifier = codeVerifier;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.discovery;
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.discovery = state;
  }
}
