import { z } from 'zod';
import type { IssuerOptions } from '../issuers/issuer-options.js';
import { text } from '../../options/text-schema.js';
import { domain, parsePresetOptions, type PresetOverrides } from './preset.js';

/** A custom authorization server of an Okta org. */
export interface OktaOptions extends PresetOverrides {
  /** Domain of the org, or a custom one: `acme.okta.com`. */
  domain: string;
  /**
   * Id of a custom authorization server, such as `aus9o8wzkhckw9TLa0h7`, or `default`. Tokens of the org authorization
   * server are for Okta only, and nobody else can verify them.
   */
  authorizationServer: string;
  /** Audience of the authorization server. Defaults to `api://default` for `default`, and to `resource` for others. */
  audience?: string;
}

const schema = z.object({
  domain,
  authorizationServer: z
    .string()
    .regex(
      /^[A-Za-z0-9]+$/,
      'is not the id of a custom authorization server. Write its id, or "default". Only Okta can verify tokens of the org authorization server',
    ),
  audience: text.optional(),
});

/**
 * A custom authorization server of Okta, as an issuer.
 *
 * @param options - the authorization server, and overrides of the issuer's options
 * @throws {@link McpAuthConfigurationError} for options that do not name a custom authorization server
 */
export function okta(options: OktaOptions): IssuerOptions {
  const { own, overrides } = parsePresetOptions('okta', schema, options);
  const audience = own.audience ?? (own.authorizationServer === 'default' ? 'api://default' : undefined);
  return {
    issuer: `https://${own.domain}/oauth2/${own.authorizationServer}`,
    ...(audience !== undefined && { audiences: [audience] }),
    // Okta writes no `typ`. Its ID tokens have the client as their audience.
    acceptMissingType: true,
    ...overrides,
    claims: { scopes: ['scp'], clientId: ['cid'], ...overrides.claims },
  };
}
