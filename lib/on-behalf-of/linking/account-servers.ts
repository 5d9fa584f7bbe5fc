import { Injectable } from '@nestjs/common';
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  refreshTokenGrant,
  tokenRevocation,
  type Configuration,
  type TokenEndpointResponse,
} from 'openid-client';
import { toExchangedToken } from '../dialects/exchanged-token.js';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';
import { discoverMetadata, type IssuerMetadata } from '../../resource-server/issuers/issuer-metadata.js';
import { createOverdueError, Renewable } from '../../resource-server/issuers/renewable.js';
import type { ResolvedLinkedAccount } from '../options/linked-account-options.js';
import type { ResolvedDownstream } from '../options/resolved-downstream.js';
import { countRefused } from '../../observability/metrics.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { AccountLife } from './account-life.js';
import type { AccountOwner, LinkedAccount } from './link-records.js';
import { createOAuthClient, OAuthLimits } from './oauth-client.js';
import { standardizeAnswer } from './standard-answer.js';

/**
 * Metadata of an authorization server is discovered again after an hour. While the server is down, it serves for a day.
 */
const METADATA_LIFETIME = { fresh: 60 * 60_000, stale: 24 * 60 * 60_000 };

/** A downstream whose users link accounts. */
export type LinkedDownstream = ResolvedDownstream & {
  readonly linked: ResolvedLinkedAccount;
  readonly resource: string | undefined;
};

/** Whether a downstream has linked accounts. */
export function isLinked(target: ResolvedDownstream): target is LinkedDownstream {
  return target.linked !== undefined;
}

/** What an authorization request and its token request share. */
export interface CodeRequest {
  readonly redirectUri: URL;
  readonly state: string;
  readonly codeChallenge: string;
}

/** The authorization servers of APIs at which users link accounts. */
@Injectable()
export class AccountServers {
  readonly #limits = new OAuthLimits();
  readonly #metadata: ReadonlyMap<string, Renewable<IssuerMetadata>>;

  constructor({ downstreams }: ResolvedOptions) {
    this.#metadata = new Map(
      [...downstreams.values()].flatMap(({ name, linked }) => (linked ? [[name, createMetadata(linked)]] : [])),
    );
  }

  /** The URL to send the browser to (RFC 6749 section 4.1.1, RFC 7636 section 4.3, RFC 8707 section 2.1). */
  async createAuthorizationUrl(
    owner: AccountOwner,
    target: LinkedDownstream,
    { redirectUri, state, codeChallenge }: CodeRequest,
  ): Promise<URL> {
    const { linked, scopes, resource } = target;
    return buildAuthorizationUrl(await this.#getClient(target, owner), {
      ...linked.authorizationParameters,
      redirect_uri: redirectUri.href,
      ...(scopes.length > 0 && { scope: scopes.join(' ') }),
      ...(resource !== undefined && { resource }),
      state,
      code_challenge: codeChallenge,
      code_challenge_method: 'S256',
    });
  }

  /**
   * Sends the code from the browser to the token endpoint. `iss` is checked (RFC 9207).
   *
   * @param currentUrl - the redirect URI, with the received query
   * @throws what openid-client throws, or TokenEndpointError
   */
  async redeem(
    owner: AccountOwner,
    target: LinkedDownstream,
    currentUrl: URL,
    expected: { readonly state: string; readonly codeVerifier: string },
  ): Promise<LinkedAccount> {
    const answer = await authorizationCodeGrant(
      await this.#getClient(target, owner),
      currentUrl,
      { expectedState: expected.state, pkceCodeVerifier: expected.codeVerifier },
      buildParameters(target),
    );
    return toAccount(answer, target);
  }

  /**
   * Asks for a new access token (RFC 6749 section 6). The old refresh token may be invalid afterwards.
   *
   * @throws what openid-client throws, or TokenEndpointError
   */
  async refresh(
    owner: AccountOwner,
    target: LinkedDownstream,
    account: LinkedAccount,
    refreshToken: string,
  ): Promise<LinkedAccount> {
    const client = await this.#getClient(target, owner);
    const answer = await refreshTokenGrant(client, refreshToken, buildParameters(target));
    const { scopes, grantedScopes } = account;
    return { refreshToken, grantedScopes, ...toAccount(answer, target), scopes };
  }

  /**
   * Revokes the tokens of an account (RFC 7009).
   *
   * @returns whether the server supports that
   */
  async revoke(
    owner: AccountOwner,
    target: LinkedDownstream,
    { refreshToken, accessToken }: LinkedAccount,
  ): Promise<boolean> {
    const client = await this.#getClient(target, owner);
    if (client.serverMetadata().revocation_endpoint === undefined) return false;
    if (refreshToken !== undefined) await tokenRevocation(client, refreshToken, { token_type_hint: 'refresh_token' });
    // RFC 7009 section 2.1: the server need not revoke it together with the refresh token.
    await tokenRevocation(client, accessToken, { token_type_hint: 'access_token' });
    return true;
  }

  async #getClient({ name, linked }: LinkedDownstream, owner: AccountOwner): Promise<Configuration> {
    const renewable = this.#metadata.get(name);
    if (!renewable) throw new Error(`There are no linked accounts at ${name}`);
    const metadata = await renewable.get();
    return createOAuthClient(
      metadata,
      { ...linked.client, acceptClearText: linked.acceptClearText },
      this.#limits.createFor(metadata.issuer, owner),
      standardizeAnswer,
    );
  }
}

function createMetadata(linked: ResolvedLinkedAccount): Renewable<IssuerMetadata> {
  const service = linked.issuer ?? '';
  return new Renewable(
    () => loadMetadata(linked),
    METADATA_LIFETIME,
    (failure) => {
      countRefused({ service, endpoint: 'metadata' });
      return failure ?? createOverdueError(service, 'metadata');
    },
  );
}

/** Servers without metadata are identified by their endpoints. */
async function loadMetadata(linked: ResolvedLinkedAccount): Promise<IssuerMetadata> {
  const { issuer, metadataUrl, acceptClearText } = linked;
  const { authorizationEndpoint, tokenEndpoint, revocationEndpoint } = linked;
  if (authorizationEndpoint === undefined || tokenEndpoint === undefined) {
    const needed = ['authorization_endpoint', 'token_endpoint'] as const;
    return await discoverMetadata(issuer ?? '', { metadataUrl, acceptClearText, needed });
  }
  return {
    issuer: issuer ?? new URL(authorizationEndpoint).origin,
    authorization_endpoint: authorizationEndpoint,
    token_endpoint: tokenEndpoint,
    ...(revocationEndpoint !== undefined && { revocation_endpoint: revocationEndpoint }),
  };
}

function buildParameters({ resource }: LinkedDownstream): Record<string, string> {
  return resource === undefined ? {} : { resource };
}

function toAccount(answer: TokenEndpointResponse, { scopes }: LinkedDownstream): LinkedAccount {
  const { type, value, expiresInMs: life, grantedScopes } = toExchangedToken(answer, { scopes });
  // A bound token is of no use, because nobody here has its key.
  if (type === 'dpop') throw new TokenEndpointError('token_type is DPoP', { status: 200, unusable: true });
  return {
    accessToken: value,
    scopes,
    ...(life !== undefined && { life: AccountLife.begin(life) }),
    ...(answer.refresh_token !== undefined && { refreshToken: answer.refresh_token }),
    ...(grantedScopes && { grantedScopes }),
  };
}
