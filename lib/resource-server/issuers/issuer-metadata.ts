import { processDiscoveryResponse, type AuthorizationServer } from 'oauth4webapi';
import { isSecure } from '../../options/option-rules.js';
import { cleanText } from '../../log/clean-text.js';
import { isJsonObject } from '../../json/json-object.js';
import { fetchFromIssuer } from './issuer-fetch.js';
import { describeError } from '../../errors/reason.js';
import { IssuerUnusableError } from '../../errors/issuer-unusable-error.js';

/** Maximum characters in the log of the issuer that metadata names. */
const MAX_ISSUER = 200;

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
      await checkIssuer(issuer, response.clone());
      const metadata = await processDiscoveryResponse(new URL(issuer), response);
      checkEndpoints(metadata, new URL(address));
      return metadata;
    } catch (error) {
      failures.push(`${address}: ${describeError(error)}`);
    }
  }
  throw new IssuerUnusableError(issuer, `no usable metadata. ${failures.join('; ')}`);
}

/** RFC 8414 section 3.3: the issuers are the same, character by character. */
async function checkIssuer(issuer: string, response: Response): Promise<void> {
  const document: unknown = await response.json().catch(() => undefined);
  // oauth4webapi refuses what has no issuer.
  if (!isJsonObject(document) || typeof document.issuer !== 'string' || document.issuer === issuer) return;
  throw new Error(
    `its issuer is "${cleanText(document.issuer, MAX_ISSUER)}", not "${issuer}". If that is the right server, configure the issuer as it spells itself`,
  );
}

/** @param source - where the metadata comes from */
function checkEndpoints(metadata: IssuerMetadata, source: URL): void {
  const { jwks_uri, token_endpoint, introspection_endpoint, mtls_endpoint_aliases: aliases } = metadata;
  const { revocation_endpoint } = metadata;
  const endpoints = {
    ...{ jwks_uri, token_endpoint, introspection_endpoint, revocation_endpoint },
    'mtls_endpoint_aliases.token_endpoint': aliases?.token_endpoint,
    'mtls_endpoint_aliases.introspection_endpoint': aliases?.introspection_endpoint,
    'mtls_endpoint_aliases.revocation_endpoint': aliases?.revocation_endpoint,
  };
  for (const [name, endpoint] of Object.entries(endpoints)) {
    const problem = endpoint === undefined ? undefined : findEndpointProblem(endpoint, source);
    if (problem !== undefined) throw new Error(`its ${name} ${problem}`);
  }
}

/**
 * A server on https must not lead to plain http on this machine: requests to it have credentials, and other services
 * listen there.
 */
function findEndpointProblem(endpoint: unknown, source: URL): string | undefined {
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) return 'is not a URL';
  const url = new URL(endpoint);
  if (!isSecure(url)) return `is ${endpoint}, which is neither https nor on loopback`;
  if (url.protocol === 'http:' && source.protocol === 'https:') return `is ${endpoint}, but the metadata is on https`;
  return undefined;
}
