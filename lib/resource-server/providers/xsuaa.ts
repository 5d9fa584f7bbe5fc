import { z } from 'zod';
import type { IssuerOptions } from '../issuers/issuer-options.js';
import { text } from '../../options/text-schema.js';
import { createAddressSchema, guid, parsePresetOptions, type PresetOverrides } from './preset.js';
import { withoutPrefix } from './prefixed-scopes.js';

/** An instance of the Authorization and Trust Management service of SAP BTP (XSUAA), bound to the MCP server. */
export interface XsuaaOptions extends PresetOverrides {
  /** `url` of the service binding: `https://acme.authentication.eu10.hana.ondemand.com`. */
  url: string;
  /** `xsappname` of the service binding: `orders-mcp!t1234`. It is the audience, and the prefix of the scopes. */
  xsappname: string;
  /** `identityzoneid` of the service binding. Tokens of another zone (`zid`) are refused. */
  identityZone?: string;
}

const createSchema = (options: XsuaaOptions) =>
  z.object({
    url: createAddressSchema(options),
    xsappname: text,
    identityZone: guid.optional(),
  });

/**
 * XSUAA of SAP BTP, as an issuer. Its tokens name their keys in the header (`jku`). That is ignored: the keys are those
 * of `url`.
 *
 * @param options - values of the service binding, and overrides of the issuer's options
 * @throws {@link McpAuthConfigurationError} for options that name no service instance
 */
export function xsuaa(options: XsuaaOptions): IssuerOptions {
  const { own, overrides } = parsePresetOptions('xsuaa', createSchema(options), options);
  const url = own.url.replace(/\/$/, '');
  const prefix = `${own.xsappname}.`;
  return {
    issuer: `${url}/oauth/token`,
    metadataUrl: `${url}/.well-known/openid-configuration`,
    // Under the address of the issuer there is no metadata.
    advertisedIssuer: url,
    audiences: [own.xsappname],
    algorithms: ['RS256'],
    grantTypes: [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
    ],
    scopePrefix: prefix,
    ...overrides,
    ...((own.identityZone !== undefined || overrides.requiredValues) && {
      requiredValues: { ...(own.identityZone !== undefined && { zid: own.identityZone }), ...overrides.requiredValues },
    }),
    claims: { scopes: [withoutPrefix('scope', prefix)], clientId: ['client_id', 'azp', 'cid'], ...overrides.claims },
  };
}
