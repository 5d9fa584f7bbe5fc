import { z } from 'zod';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import type { IssuerOptions } from '../issuers/issuer-options.js';
import { text } from '../../options/text-schema.js';
import { createAddressSchema, guid, parsePresetOptions, type PresetOverrides } from './preset.js';

/** Regions of PingOne, by the ends of their domains. */
const REGIONS = ['com', 'ca', 'eu', 'asia', 'com.au', 'sg'] as const;

/** An environment of PingOne, or a PingFederate server. */
export interface PingOptions extends PresetOverrides {
  /** Id of the environment of PingOne. */
  environmentId?: string;
  /** Region of the environment: the part of its domain after `auth.pingone.`. Defaults to `com`. */
  region?: (typeof REGIONS)[number];
  /**
   * Issuer of PingFederate, or of a PingOne environment with a custom domain. Replaces `environmentId` and `region`.
   */
  issuer?: string;
  /** Audience of the resource that stands for the MCP server. Defaults to `resource`. */
  audience?: string;
}

const createSchema = (options: PingOptions) =>
  z.object({
    environmentId: guid.optional(),
    region: z.enum(REGIONS).optional(),
    issuer: createAddressSchema(options).optional(),
    audience: text.optional(),
  });

/**
 * PingOne or PingFederate, as an issuer.
 *
 * @param options - the environment or the server, and overrides of the issuer's options
 * @throws {@link McpAuthConfigurationError} for options that name neither, or both
 */
export function ping(options: PingOptions): IssuerOptions {
  const { own, overrides } = parsePresetOptions('ping', createSchema(options), options);
  const { environmentId, region, audience } = own;
  if ((environmentId === undefined) === (own.issuer === undefined)) {
    throw new McpAuthConfigurationError([
      '`providers.ping().environmentId` and `providers.ping().issuer` cannot both be set, and one is needed. Write the id of a PingOne environment, or the issuer of PingFederate or of a domain of your own.',
    ]);
  }
  if (region !== undefined && environmentId === undefined) {
    throw new McpAuthConfigurationError(['`providers.ping().region` has no effect beside `issuer`. Remove it.']);
  }
  return {
    issuer: own.issuer ?? `https://auth.pingone.${region ?? 'com'}/${environmentId ?? ''}/as`,
    ...(audience !== undefined && { audiences: [audience] }),
    // Neither writes `typ` unless configured to. Their ID tokens have the client as their audience.
    acceptMissingType: true,
    ...overrides,
    claims: { scopes: ['scope'], clientId: ['client_id'], ...overrides.claims },
  };
}
