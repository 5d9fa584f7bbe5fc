import { z } from 'zod';
import { isJsonObject } from '../../json/json-object.js';
import type { TokenClaims } from '../access/claims.js';
import type { ClaimSource, IssuerOptions } from '../issuers/issuer-options.js';
import { domain, parsePresetOptions, type PresetOverrides } from './preset.js';

/** A project of a ZITADEL instance. */
export interface ZitadelOptions extends PresetOverrides {
  /** Domain of the instance, or a custom one: `acme-abc123.zitadel.cloud`. */
  domain: string;
  /** Id of the project that stands for the MCP server: `aud` of its tokens. */
  projectId: string;
  /** Also treats the roles that the project gave the user as scopes. ZITADEL writes no other scopes into JWTs. */
  roles?: boolean;
  /** Id of the only organisation whose users are accepted. Clients ask for `urn:zitadel:iam:user:resourceowner`. */
  organization?: string;
}

const id = z.string().regex(/^\d+$/, 'is not an id. Copy the resource id, which is a number');

const schema = z.object({
  domain,
  projectId: id,
  roles: z.boolean().optional(),
  organization: id.optional(),
});

/** Claim with the organisation of the user. */
const ORGANIZATION = 'urn:zitadel:iam:user:resourceowner:id';

/**
 * A project of ZITADEL, as an issuer. Its applications have to issue JWTs. ID tokens have the project in `aud`, too.
 * Access tokens alone have `jti`, which is therefore required.
 *
 * @param options - the project, and overrides of the issuer's options
 * @throws {@link McpAuthConfigurationError} for options that name no project
 */
export function zitadel(options: ZitadelOptions): IssuerOptions {
  const { own, overrides } = parsePresetOptions('zitadel', schema, options);
  const roles: ClaimSource<readonly string[]> = (claims) => readRoles(claims, own.projectId);
  return {
    issuer: `https://${own.domain}`,
    audiences: [own.projectId],
    ...overrides,
    requiredClaims: [...new Set(['jti', ...(overrides.requiredClaims ?? [])])],
    ...((own.organization !== undefined || overrides.requiredValues) && {
      requiredValues: {
        ...(own.organization !== undefined && { [ORGANIZATION]: own.organization }),
        ...overrides.requiredValues,
      },
    }),
    claims: {
      scopes: ['scope', ...(own.roles ? [roles] : [])],
      clientId: ['client_id', 'azp'],
      ...overrides.claims,
    },
  };
}

/** Roles are the members of an object. The claim without the project in its name may be about another project. */
function readRoles(claims: TokenClaims, projectId: string): readonly string[] | undefined {
  const roles = claims[`urn:zitadel:iam:org:project:${projectId}:roles`];
  return isJsonObject(roles) ? Object.keys(roles) : undefined;
}
