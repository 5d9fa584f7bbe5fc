import { z } from 'zod';
import type { ClaimSource, IssuerOptions } from '../issuers/issuer-options.js';
import type { TokenClaims } from '../access/claims.js';
import { text } from '../../options/text-schema.js';
import { createAddressSchema, parsePresetOptions, type PresetOverrides } from './preset.js';
import { isJsonObject } from '../../json/json-object.js';

/** A realm of a Keycloak server. */
export interface KeycloakOptions extends PresetOverrides {
  /** Address of the server for browsers, with its path, if any: `https://id.example.com`. */
  url: string;
  /** Name of the realm. */
  realm: string;
  /** Treats roles as scopes: those of the `realm`, and those of `clients`. */
  roles?: { realm?: boolean; clients?: readonly string[] };
}

const createSchema = (options: KeycloakOptions) =>
  z.object({
    url: createAddressSchema(options),
    realm: text,
    roles: z.strictObject({ realm: z.boolean().optional(), clients: z.array(text).optional() }).optional(),
  });

/**
 * A realm of Keycloak as an issuer. An audience mapper has to write this server's `resource` into `aud`.
 *
 * @param options - the realm, and overrides of the issuer's options
 * @throws {@link McpAuthConfigurationError} for options that name no realm
 */
export function keycloak(options: KeycloakOptions): IssuerOptions {
  const { own, overrides } = parsePresetOptions('keycloak', createSchema(options), options);
  const { realm = false, clients = [] } = own.roles ?? {};
  const roles: ClaimSource<readonly string[]>[] = [
    ...(realm ? ['realm_access.roles'] : []),
    ...clients.map((client) => (claims: TokenClaims) => readRoles(claims.resource_access, client)),
  ];
  return {
    issuer: `${own.url.replace(/\/$/, '')}/realms/${encodeURIComponent(own.realm)}`,
    ...overrides,
    claims: {
      scopes: ['scope', ...roles],
      clientId: ['azp', 'client_id'],
      ...overrides.claims,
    },
  };
}

/** Client ids may have dots in them. */
function readRoles(access: unknown, client: string): readonly string[] | undefined {
  const ofClient = isJsonObject(access) && Object.hasOwn(access, client) ? access[client] : undefined;
  return isJsonObject(ofClient) ? (ofClient.roles as readonly string[] | undefined) : undefined;
}
