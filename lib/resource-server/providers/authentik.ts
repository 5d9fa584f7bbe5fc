import { z } from 'zod';
import type { IssuerOptions } from '../issuers/issuer-options.js';
import { text } from '../../options/text-schema.js';
import { createAddressSchema, parsePresetOptions, type PresetOverrides } from './preset.js';

/** An OAuth2/OpenID provider of authentik. */
export interface AuthentikOptions extends PresetOverrides {
  /** Address of the server for browsers: `https://id.acme.example`. */
  url: string;
  /** Slug of the application whose provider issues the tokens. */
  application: string;
  /** Client ID of the provider: `aud` of its tokens. */
  clientId: string;
  /** Also treats the groups of the user (`groups`) as scopes. */
  groups?: boolean;
}

const createSchema = (options: AuthentikOptions) =>
  z.object({
    url: createAddressSchema(options),
    application: z.string().regex(/^[A-Za-z0-9_-]+$/, 'is not a slug. Copy it from the application in authentik'),
    clientId: text,
    groups: z.boolean().optional(),
  });

/**
 * An application of authentik, as an issuer. Its access tokens and ID tokens have the same `aud`, and a `nonce`. Access
 * tokens alone have `uid`, which is therefore required.
 *
 * @param options - the application and its client, and overrides of the issuer's options
 * @throws {@link McpAuthConfigurationError} for options that name no application
 */
export function authentik(options: AuthentikOptions): IssuerOptions {
  const { own, overrides } = parsePresetOptions('authentik', createSchema(options), options);
  return {
    // authentik spells its issuer identifiers with a trailing slash.
    issuer: `${own.url.replace(/\/$/, '')}/application/o/${own.application}/`,
    audiences: [own.clientId],
    acceptNonce: true,
    ...overrides,
    requiredClaims: [...new Set(['uid', ...(overrides.requiredClaims ?? [])])],
    claims: {
      scopes: ['scope', ...(own.groups ? ['groups'] : [])],
      clientId: ['azp', 'client_id'],
      ...overrides.claims,
    },
  };
}
