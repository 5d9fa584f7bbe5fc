import { z } from 'zod';
import type { IssuerOptions } from '../issuers/issuer-options.js';
import { text } from '../../options/text-schema.js';
import { domain, parsePresetOptions, type PresetOverrides } from './preset.js';

/** A farm of Active Directory Federation Services (AD FS) 2016 or later. */
export interface AdfsOptions extends PresetOverrides {
  /** Host of the federation service: `adfs.acme.example`. */
  host: string;
  /** Identifier of the Web API that stands for the MCP server. Defaults to `resource`. */
  audience?: string;
}

const schema = z.object({ host: domain, audience: text.optional() });

/**
 * AD FS as an issuer. Its access tokens have another `iss` than its metadata: `http://<host>/adfs/services/trust`, which
 * is set as `tokenIssuer`. An issuance transform rule of the Web API has to write `sub`.
 *
 * @param options - the federation service, and overrides of the issuer's options
 * @throws {@link McpAuthConfigurationError} for options that name no host
 */
export function adfs(options: AdfsOptions): IssuerOptions {
  const { own, overrides } = parsePresetOptions('adfs', schema, options);
  const { host, audience } = own;
  return {
    issuer: `https://${host}/adfs`,
    tokenIssuer: `http://${host}/adfs/services/trust`,
    // AD FS publishes no RFC 8414 document.
    metadataUrl: `https://${host}/adfs/.well-known/openid-configuration`,
    // An identifier that is no URI comes with a prefix.
    ...(audience !== undefined && { audiences: [audience, `microsoft:identityserver:${audience}`] }),
    algorithms: ['RS256'],
    grantTypes: [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
    ],
    ...overrides,
    claims: { scopes: ['scp'], clientId: ['appid'], ...overrides.claims },
  };
}
