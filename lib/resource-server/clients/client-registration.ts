import { z } from 'zod';
import { oneOrMany } from '../../options/one-or-many.js';
import { text } from '../../options/text-schema.js';
import type { ClientAuthentication } from './client-authentication.js';

/** The registration of a client at an authorization server: its id, and how it authenticates. */
export interface ClientRegistration {
  /** `client_id`. */
  id: string;
  /**
   * How the client authenticates: {@link clientSecretBasic}, {@link clientSecretPost}, {@link privateKeyJwt}, …, or any
   * `ClientAuth` of `openid-client`.
   */
  authentication: ClientAuthentication;
}

/** The MCP server's own registration at one of `issuers`. It exchanges tokens with it. */
export interface IssuerClientRegistration extends ClientRegistration {
  /**
   * The issuer where the client is registered. Its credentials are sent to no other. Required with several `issuers`.
   * The server cannot act for callers of an issuer without a client.
   */
  issuer?: string;
}

/** Any function: a `ClientAuth` of openid-client or of this package. */
const clientAuthentication = z.custom<ClientAuthentication>(
  (value) => typeof value === 'function',
  'is not a client authentication. Use clientSecretBasic(secret), clientSecretPost(secret), privateKeyJwt(…), clientAssertion(…), mutualTls(…) or a ClientAuth of openid-client',
);

const registration = z.strictObject({ id: text, authentication: clientAuthentication });

/** Without encoding, a server takes what follows the colon for the secret (RFC 7617 section 2). */
const isSendable = ({ id, authentication }: z.output<typeof registration>) =>
  !(authentication.unencoded && id.includes(':'));

const UNSENDABLE = {
  path: ['id'],
  message: 'has a colon, and clientSecretBasic(…) sends it as it is. Remove `encoding`, or use clientSecretPost(…)',
};

/** Schema of {@link ClientRegistration}. */
export const clientRegistrationSchema = registration.refine(isSendable, UNSENDABLE);

/** Schema of an {@link IssuerClientRegistration}, or of several. */
export const issuerClientsSchema = oneOrMany(
  registration.extend({ issuer: text.optional() }).refine(isSendable, UNSENDABLE),
  'is empty. Name a client, or remove it',
);

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    /** The server's own registrations. A single one may omit its issuer. */
    readonly clients: readonly IssuerClientRegistration[];
  }
}
