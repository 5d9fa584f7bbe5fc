import { processDiscoveryResponse, type AuthorizationServer } from 'oauth4webapi';
import { isSecure } from '../options/option-rules.js';
import { IssuerUnavailableError } from './issuer-unavailable-error.js';

/** Milliseconds that one answer of an issuer may take. */
const TIMEOUT = 5_000;

/** Metadata with the endpoints that this package cannot do without. */
export type IssuerMetadata = AuthorizationServer & { readonly jwks_uri: string };

/**
 * Where the metadata of an issuer may be, in the order that the MCP specification gives: RFC 8414 section 3.1, OpenID
 * Connect Discovery with the path inserted, and OpenID Connect Discovery 1.0 section 4 with the path in front.
 */
export function metadataAddresses(issuer: string): string[] {
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
 * @throws {@link IssuerUnavailableError} if no address has it, or what it says is not fit for use
 */
export async function discoverMetadata(issuer: string): Promise<IssuerMetadata> {
  const failures: string[] = [];
  for (const address of metadataAddresses(issuer)) {
    try {
      return usable(issuer, await metadataAt(issuer, address));
    } catch (error) {
      failures.push(`${address}: ${reasonOf(error)}`);
    }
  }
  throw new IssuerUnavailableError(issuer, `no usable metadata. ${failures.join('; ')}`);
}

async function metadataAt(issuer: string, address: string): Promise<AuthorizationServer> {
  return await processDiscoveryResponse(new URL(issuer), await fetchFromIssuer(address));
}

function usable(issuer: string, metadata: AuthorizationServer): IssuerMetadata {
  if (metadata.issuer !== issuer) {
    throw new Error(
      `its issuer is "${metadata.issuer}". If that is the right server, configure the issuer as it spells itself`,
    );
  }
  const { jwks_uri } = metadata;
  if (jwks_uri === undefined) throw new Error('it has no jwks_uri');
  for (const url of [jwks_uri, metadata.token_endpoint]) {
    if (url !== undefined && !isSecure(new URL(url)))
      throw new Error(`${url} is plain http on a host that is not loopback`);
  }
  return { ...metadata, jwks_uri };
}

/**
 * A request to an address that the configuration or the issuer's own metadata names. Redirects are not followed.
 *
 * @throws Error for any status but 200
 */
export async function fetchFromIssuer(address: string): Promise<Response> {
  const response = await fetch(address, {
    headers: { accept: 'application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT),
  });
  if (response.status === 200) return response;
  await response.body?.cancel();
  throw new Error(`status ${response.status}`);
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
