import type { ClientAuth } from 'oauth4webapi';
import type { Dispatcher } from 'undici';
import { describeError, toReadable } from '../../errors/reason.js';
import { ClientCredentialsError } from '../../errors/client-credentials-error.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';

/**
 * How the server authenticates at a token endpoint: {@link clientSecretBasic}, {@link clientSecretPost},
 * {@link privateKeyJwt}, {@link clientAssertion}, {@link mutualTls}, or any `ClientAuth` of openid-client.
 */
export type ClientAuthentication = ClientAuth & {
  /** `token_endpoint_auth_method` (RFC 7591 section 2), if known. */
  readonly method?: string;
  /** Whether the id and the secret are sent as they are, against RFC 6749 section 2.3.1. */
  readonly unencoded?: boolean;
  /** `alg` of the assertions that it signs; `null` where only the key tells, which a function returns later. */
  readonly algorithm?: string | null;
  /** Returns the dispatcher that presents the client's certificate (RFC 8705). A changed certificate has a new one. */
  readonly dispatcher?: () => Dispatcher;
  /** Changes with the credentials, and does not reveal them. It is part of the key of every cached token. */
  readonly version?: () => string | Promise<string>;
};

/** @param what - completes "`client.authentication` …" */
export function createCredentialsError(what: string): McpAuthConfigurationError {
  return new McpAuthConfigurationError([`\`client.authentication\` ${what}.`]);
}

/**
 * @param use - uses the credentials
 * @throws {@link ClientCredentialsError} for any error of `use`
 */
export async function useCredentials<Result>(use: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await use();
  } catch (thrown) {
    const error = toReadable(thrown);
    if (error instanceof ClientCredentialsError) throw error;
    throw new ClientCredentialsError(
      error instanceof McpAuthConfigurationError
        ? error.problems.join(' ')
        : `\`client.authentication\` failed: ${describeError(error)}`,
    );
  }
}
