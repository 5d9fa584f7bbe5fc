import type { Variable } from '../project/environment-file.js';

/** A variable whose value is text, or the URL of something. */
export interface ProviderVariable extends Variable {
  readonly kind: 'text' | 'url';
}

/** What is written for an identity provider. Expressions have the variables of the environment as `env`. */
export interface IdentityProvider {
  readonly title: string;
  /** Its page, in `docs/` of this package. */
  readonly page: string;
  readonly variables: readonly ProviderVariable[];
  /** An entry of `issuers`. */
  readonly issuer: string;
  readonly clientId?: string;
  /** The function for `client.authentication`. */
  readonly authentication: 'clientSecretBasic' | 'clientSecretPost';
  /** What names the API in the exchange. Lines of an object. */
  readonly target: string;
  /** Said above the downstream. */
  readonly note?: string;
}

export const text = (name: string, example: string, words: string): ProviderVariable => ({
  name,
  example,
  words,
  kind: 'text',
});
export const url = (name: string, example: string, words: string): ProviderVariable => ({
  name,
  example,
  words,
  kind: 'url',
});

export const clientId = (words: string, example = 'mcp-server'): ProviderVariable =>
  text('MCP_CLIENT_ID', example, words);
export const clientSecret = (words: string): ProviderVariable => text('MCP_CLIENT_SECRET', 'change-me', words);
export const audience = (words: string, example = 'api'): ProviderVariable => text('API_AUDIENCE', example, words);
export const scope = (words: string, example = 'api.read'): ProviderVariable => text('API_SCOPE', example, words);

export const AUDIENCE = 'audience: env.API_AUDIENCE,';
export const SCOPES = 'scopes: [env.API_SCOPE],';
