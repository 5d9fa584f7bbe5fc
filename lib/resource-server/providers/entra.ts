import { z } from 'zod';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import type { IssuerOptions } from '../issuers/issuer-options.js';
import { hasApplicationMark } from '../access/app-only.js';
import type { TokenClaims } from '../access/claims.js';
import { findUriProblem, findUrlProblem } from '../../options/option-rules.js';
import { RESOURCE, TENANT } from '../issuers/resolved-issuer.js';
import { createTextSchema } from '../../options/text-schema.js';
import { guid, parsePresetOptions, type PresetOverrides } from './preset.js';

/** An application of Microsoft Entra ID that stands for the MCP server. */
export interface EntraOptions extends PresetOverrides {
  /** Application (client) ID of the MCP server's registration: `aud` of its tokens. */
  applicationId: string;
  /** Directory (tenant) IDs whose users are accepted, or `'any'` for every organisation, known to you or not. */
  tenants: readonly string[] | 'any';
  /**
   * Identifier URI of the registration, the prefix of scopes in requests. Entra ID refuses a `resource` that is no
   * identifier URI of the application whose scopes are asked for. Defaults to the server's `resource`, without a slash
   * at the end.
   */
  applicationIdUri?: string;
  /** Version of the access tokens, `requestedAccessTokenVersion` of the registration's manifest. Defaults to 2. */
  tokenVersion?: 1 | 2;
  /** Address of the cloud. Defaults to `https://login.microsoftonline.com`. */
  authority?: string;
}

const schema = z.object({
  applicationId: guid,
  tenants: z.union(
    [z.array(guid).min(1, 'is empty, so nobody would be accepted. Name the tenants'), z.literal('any')],
    'is neither a list of tenant ids (GUIDs in lower case) nor "any". Name the tenants whose users are accepted',
  ),
  applicationIdUri: createTextSchema(findUriProblem).optional(),
  tokenVersion: z
    .union([z.literal(1), z.literal(2)], 'is neither 1 nor 2. Write what the manifest of the registration says')
    .optional(),
  authority: createTextSchema(findUrlProblem).optional(),
});

/**
 * Microsoft Entra ID as an issuer, for one tenant, several, or any. `tid` of a token must be the tenant of its `iss`.
 *
 * @param options - the tenants and the application, and overrides of the issuer's options
 * @throws {@link McpAuthConfigurationError} for options that no token could match
 */
export function entra(options: EntraOptions): IssuerOptions {
  const { own, overrides } = parsePresetOptions('entra', schema, options);
  const { applicationId, tenants, tokenVersion = 2 } = own;
  const { applicationIdUri = RESOURCE } = own;
  const authority = (own.authority ?? 'https://login.microsoftonline.com').replace(/\/$/, '');
  const isV2 = tokenVersion === 2;
  if (!isV2 && own.authority !== undefined) {
    throw new McpAuthConfigurationError([
      '`providers.entra().authority` has no effect on tokens of version 1. Set `requestedAccessTokenVersion` to 2 in the manifest, and remove `tokenVersion`.',
    ]);
  }
  const buildMetadataUrl = (tenant: string) =>
    `${authority}/${tenant}${isV2 ? '/v2.0' : ''}/.well-known/openid-configuration`;
  return {
    issuer: isV2 ? `${authority}/${TENANT}/v2.0` : `https://sts.windows.net/${TENANT}/`,
    ...(tenants === 'any' ? { acceptAnyTenant: true } : { tenants }),
    metadataUrl: buildMetadataUrl(tenants === 'any' ? 'organizations' : TENANT),
    // Tokens of version 1 name the identifier URI that was asked for.
    audiences: isV2
      ? [applicationId]
      : [...new Set([applicationIdUri, RESOURCE, `api://${applicationId}`, applicationId])],
    algorithms: ['RS256'],
    scopePrefix: `${applicationIdUri}/`,
    ...overrides,
    claims: {
      // Delegated permissions are in `scp`; app roles, of users and of applications, in `roles`.
      scopes: ['scp', 'roles'],
      clientId: ['azp', 'appid'],
      appOnly: isApplication,
      ...overrides.claims,
    },
  };
}

/** A token for a user always has `scp`. */
function isApplication(claims: TokenClaims): boolean {
  return claims.scp === undefined || hasApplicationMark(claims);
}
