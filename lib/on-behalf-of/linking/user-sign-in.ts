import { Injectable } from '@nestjs/common';
import { authorizationCodeGrant, buildAuthorizationUrl, type Configuration } from 'openid-client';
import { IssuerUnavailableError } from '../../errors/issuer-unavailable-error.js';
import { Issuers } from '../../resource-server/issuers/issuers.js';
import { findClient } from '../../resource-server/issuers/resolved-issuer.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import type { CodeRequest } from './account-servers.js';
import type { LinkRequest } from './link-records.js';
import { createOAuthClient } from './oauth-client.js';

type User = Pick<LinkRequest, 'issuer' | 'tenant'>;

/** Finds out who uses a browser: the user signs in at the issuer of the caller's token (OpenID Connect Core section 3.1). */
@Injectable()
export class UserSignIn {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly issuers: Issuers,
  ) {}

  /** Whether the server is registered at a user's issuer, so that it can find out. */
  isKnown(user: User): boolean {
    return this.#findRegistration(user) !== undefined;
  }

  /** Where the browser is sent. */
  async createAuthorizationUrl(
    user: User,
    { redirectUri, state, codeChallenge, nonce }: CodeRequest & { readonly nonce: string },
  ): Promise<URL> {
    return buildAuthorizationUrl(await this.#createClient(user), {
      redirect_uri: redirectUri.href,
      scope: 'openid',
      state,
      nonce,
      code_challenge: codeChallenge,
      code_challenge_method: 'S256',
    });
  }

  /**
   * Takes the code that the browser came back with to the token endpoint.
   *
   * @param currentUrl - the redirect URI, with the query that came
   * @returns what names the user; `undefined` where the ID token does not say
   * @throws what openid-client throws, also for an ID token of another issuer, client or request
   */
  async identify(
    user: User,
    currentUrl: URL,
    expected: { readonly state: string; readonly codeVerifier: string; readonly nonce: string },
  ): Promise<string | undefined> {
    const answer = await authorizationCodeGrant(await this.#createClient(user), currentUrl, {
      expectedState: expected.state,
      pkceCodeVerifier: expected.codeVerifier,
      expectedNonce: expected.nonce,
      idTokenExpected: true,
    });
    return readIdentity(answer.claims() ?? {}, this.options.linking.subjectClaims.idToken);
  }

  #findRegistration({ issuer: iss, tenant: tid }: User) {
    const issuer = this.issuers.findIssuer({ iss, tid });
    const client = issuer && findClient(issuer.options, this.options.linking.clients);
    return client && { issuer, client };
  }

  async #createClient(user: User): Promise<Configuration> {
    const registration = this.#findRegistration(user);
    if (!registration) throw new IssuerUnavailableError(user.issuer, 'it is no longer configured');
    const metadata = await registration.issuer.getMetadata();
    // The ID token has to be of the caller's own issuer, where one configuration stands for many tenants.
    return createOAuthClient({ ...metadata, issuer: user.issuer }, registration.client);
  }
}

/** What names a user, of the same issuer, in access tokens and ID tokens alike. */
export function readIdentity(claims: Readonly<Record<string, unknown>>, claim: string): string | undefined {
  const identity = claims[claim];
  return typeof identity === 'string' && identity !== '' ? identity : undefined;
}
