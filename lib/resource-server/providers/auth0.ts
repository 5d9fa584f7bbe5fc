import { z } from 'zod';
import type { IssuerOptions } from '../issuers/issuer-options.js';
import { text } from '../../options/text-schema.js';
import { domain, parsePresetOptions, type PresetOverrides } from './preset.js';

/** A tenant of Auth0. */
export interface Auth0Options extends PresetOverrides {
  /** Domain of the tenant, or a custom one: `acme.eu.auth0.com`. */
  domain: string;
  /** Identifier of the API that stands for the MCP server. Defaults to `resource`. */
  audience?: string;
  /** Also treats the permissions of the user's roles as scopes (RBAC, "Add Permissions in the Access Token"). */
  permissions?: boolean;
}

const schema = z.object({ domain, audience: text.optional(), permissions: z.boolean().optional() });

/**
 * A tenant of Auth0, as an issuer.
 *
 * @param options - the tenant, and overrides of the issuer's options
 * @throws {@link McpAuthConfigurationError} for options that name no tenant
 */
export function auth0(options: Auth0Options): IssuerOptions {
  const { own, overrides } = parsePresetOptions('auth0', schema, options);
  return {
    // Auth0 spells its issuer identifier with a trailing slash.
    issuer: `https://${own.domain}/`,
    ...(own.audience !== undefined && { audiences: [own.audience] }),
    ...overrides,
    claims: {
      scopes: ['scope', ...(own.permissions ? ['permissions'] : [])],
      clientId: ['azp', 'client_id'],
      ...overrides.claims,
    },
  };
}
