import { z } from 'zod';
import { oneOrMany } from '../../options/one-or-many.js';
import { text } from '../../options/text-schema.js';
import type { ClientAuthentication } from './client-authentication.js';

/** The registration of a client at an authorization server: who it is there, and how it shows that. */
export interface ClientRegistration {
  /** `client_id`. */
  id: string;
  /**
   * How the client authenticates: {@link clientSecretBasic}, {@link clientSecretPost}, {@link privateKeyJwt}, …, or any
   * `ClientAuth` of `openid-client`.
   */
  authentication: ClientAuthentication;
}

/** The MCP server's own registration at one of `issuers`: who it is when it exchanges tokens. */
export interface IssuerClientRegistration extends ClientRegistration {
  /**
   * The issuer where the client is registered: its credentials go there and nowhere else. Required where there are
   * several `issuers`; callers of those without a client cannot be acted for.
   */
  issuer?: string;
}

/** A function that makes a `ClientAuth`, as openid-client and this package have them. */
const clientAuthentication = z.custom<ClientAuthentication>(
  (value) => typeof value === 'function',
  'is not a client authentication. Use clientSecretBasic(secret), clientSecretPost(secret), privateKeyJwt(…), clientAssertion(…), mutualTls(…) or a ClientAuth of openid-client',
);

/** The form of {@link ClientRegistration}. */
export const clientRegistrationSchema = z.strictObject({ id: text, authentication: clientAuthentication });

/** The form of an {@link IssuerClientRegistration}, or of several. */
export const issuerClientsSchema = oneOrMany(
  clientRegistrationSchema.extend({ issuer: text.optional() }),
  'is empty. Name a client, or remove it',
);

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    /** The server's own. Where there is but one, it may not say which issuer it is registered at. */
    readonly clients: readonly IssuerClientRegistration[];
  }
}
