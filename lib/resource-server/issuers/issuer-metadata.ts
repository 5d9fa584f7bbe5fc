import { processDiscoveryResponse, type AuthorizationServer } from 'oauth4webapi';
import { isSecure } from '../../options/option-rules.js';
import { fetchFromIssuer } from './issuer-fetch.js';
import { describeError } from '../../errors/reason.js';
import { IssuerUnusableError } from '../../errors/issuer-unusable-error.js';

/** RFC 8414 section 2. */
export type IssuerMetadata = AuthorizationServer;

/**
 * Possible addresses of an issuer's metadata, in the order of the MCP specification: RFC 8414 section 3.1, OpenID
 * Connect Discovery with the path inserted, and OpenID Connect Discovery 1.0 section 4 with the path in front.
 */
export function listMetadataAddresses(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const addresses = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
  return [...new Set(addresses)];
}

/**
 * Finds the metadata of an issuer.
 *
 * @param issuer - the issuer identifier, as configured
 * @param metadataUrl - where the metadata is, if it is known
 * @param onAnswer - called with each answer, successful or not
 * @throws {@link IssuerUnusableError} if no address has the metadata, or it is not usable
 */
export async function discoverMetadata(
  issuer: string,
  metadataUrl?: string,
  onAnswer?: (response: Response) => void,
): Promise<IssuerMetadata> {
  const failures: string[] = [];
  for (const address of metadataUrl === undefined ? listMetadataAddresses(issuer) : [metadataUrl]) {
    try {
      const response = await fetchFromIssuer(address);
      onAnswer?.(response);
      return checkMetadata(issuer, await processDiscoveryResponse(new URL(issuer), response));
    } catch (error) {
      failures.push(`${address}: ${describeError(error)}`);
    }
  }
  throw new IssuerUnusableError(issuer, `no usable metadata. ${failures.join('; ')}`);
}

function checkMetadata(issuer: string, metadata: AuthorizationServer): IssuerMetadata {
  if (metadata.issuer !== issuer) {
    throw new Error(
      `its issuer is "${metadata.issuer}". If that is the right server, configure the issuer as it spells itself`,
    );
  }
  const { jwks_uri, token_endpoint, introspection_endpoint, mtls_endpoint_aliases: aliases } = metadata;
  const endpoints = [jwks_uri, token_endpoint, introspection_endpoint];
  for (const url of [...endpoints, aliases?.token_endpoint, aliases?.introspection_endpoint]) {
    if (url !== undefined && !isSecure(new URL(url)))
      throw new Error(`${url} is plain http on a host that is not loopback`);
  }
  return metadata;
}
