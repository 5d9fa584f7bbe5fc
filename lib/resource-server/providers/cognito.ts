import { z } from 'zod';
import type { IssuerOptions } from '../issuers/issuer-options.js';
import { text } from '../../options/text-schema.js';
import { parsePresetOptions, type PresetOverrides } from './preset.js';
import { withoutPrefix } from './prefixed-scopes.js';

/** A user pool of Amazon Cognito. */
export interface CognitoOptions extends PresetOverrides {
  /** Id of the user pool, with its region: `eu-central-1_AbCdEf123`. */
  userPoolId: string;
  /** Ids of the app clients that use this server. Access tokens say for whom they are by their client alone. */
  clients: readonly string[];
  /**
   * Identifier of the resource server whose custom scopes the tools need. Clients ask for `<identifier>/<scope>`, and the
   * tools name the scope alone. Without it, tools name scopes as they are in the token.
   */
  resourceServer?: string;
  /** Also treats the groups of the user (`cognito:groups`) as scopes. */
  groups?: boolean;
}

const schema = z.object({
  userPoolId: z
    .string()
    .regex(
      /^[a-z]{2}(-[a-z]+)+-\d_[A-Za-z0-9]+$/,
      'is not the id of a user pool. Copy it, such as "eu-central-1_AbCdEf123"',
    ),
  clients: z.array(text).min(1, 'is empty, so nobody would be accepted. Name the app clients that use this server'),
  resourceServer: text.optional(),
  groups: z.boolean().optional(),
});

/**
 * A user pool of Amazon Cognito, as an issuer. Its access tokens have no `aud`, so they are accepted of `clients` alone.
 *
 * @param options - the user pool, and overrides of the issuer's options
 * @throws {@link McpAuthConfigurationError} for options that name no user pool, or no client
 */
export function cognito(options: CognitoOptions): IssuerOptions {
  const { own, overrides } = parsePresetOptions('cognito', schema, options);
  const region = own.userPoolId.slice(0, own.userPoolId.indexOf('_'));
  const prefix = own.resourceServer === undefined ? '' : `${own.resourceServer}/`;
  return {
    issuer: `https://cognito-idp.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/${own.userPoolId}`,
    algorithms: ['RS256'],
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
    // Cognito writes no `typ`, and no `aud` unless the client asks for a resource. `token_use` tells its tokens apart.
    acceptMissingType: true,
    acceptMissingAudience: true,
    clients: own.clients,
    ...(prefix !== '' && { scopePrefix: prefix }),
    ...overrides,
    requiredValues: { token_use: 'access', ...overrides.requiredValues },
    claims: {
      scopes: [withoutPrefix('scope', prefix), ...(own.groups ? ['cognito:groups'] : [])],
      clientId: ['client_id'],
      ...overrides.claims,
    },
  };
}
