import type { ClientAuth } from 'oauth4webapi';
import type { Dispatcher } from 'undici';
import { describeError } from '../../errors/reason.js';
import { ClientCredentialsError } from '../../errors/client-credentials-error.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';

/**
 * How the server proves at a token endpoint which client it is: {@link clientSecretBasic}, {@link clientSecretPost},
 * {@link privateKeyJwt}, {@link clientAssertion}, {@link mutualTls}, or any `ClientAuth` of openid-client.
 */
export type ClientAuthentication = ClientAuth & {
  /** `token_endpoint_auth_method` (RFC 7591 section 2), where it is known. */
  readonly method?: string;
  /** Sends requests with the client's certificate (RFC 8705); another one once the certificate has changed. */
  readonly dispatcher?: () => Dispatcher;
  /** Changes when the credentials do, and tells nothing of them: part of the key of every cached token. */
  readonly version?: () => string | Promise<string>;
};

/** @param what - completes "`client.authentication` …" */
export function createCredentialsError(what: string): McpAuthConfigurationError {
  return new McpAuthConfigurationError([`\`client.authentication\` ${what}.`]);
}

/**
 * @param use - needs the credentials
 * @throws {@link ClientCredentialsError} for whatever it throws
 */
export async function useCredentials<Result>(use: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof ClientCredentialsError) throw error;
    throw new ClientCredentialsError(
      error instanceof McpAuthConfigurationError
        ? error.problems.join(' ')
        : `\`client.authentication\` failed: ${describeError(error)}`,
    );
  }
}
