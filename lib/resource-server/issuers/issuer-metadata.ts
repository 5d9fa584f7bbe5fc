import { processDiscoveryResponse, type AuthorizationServer } from 'oauth4webapi';
import { isBackendUrl, isLoopback } from '../../options/option-rules.js';
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

/** How the metadata of an issuer is found. */
export interface Discovery {
  /** `issuer` of the metadata. Defaults to the issuer identifier. */
  readonly metadataIssuer?: string;
  /** Where the metadata is, if it is known. */
  readonly metadataUrl?: string | undefined;
  /** Whether its addresses may be plain http on other hosts than this one. */
  readonly acceptClearText?: boolean | undefined;
  /** Members that the metadata has to have. A document without one of them is completed from the others. */
  readonly needed?: readonly (keyof IssuerMetadata)[];
  /** Called with each answer, successful or not. */
  readonly onAnswer?: (response: Response) => void;
}

/**
 * Finds the metadata of an issuer. Some authorization servers publish an RFC 8414 document that lacks what their OpenID
 * document has. The first document counts, and the others fill its gaps.
 *
 * @param issuer - the issuer identifier, as configured
 * @throws {@link IssuerUnusableError} if no address has the metadata, or it is not usable
 */
export async function discoverMetadata(
  issuer: string,
  { metadataIssuer = issuer, metadataUrl, acceptClearText = false, needed = [], onAnswer }: Discovery = {},
): Promise<IssuerMetadata> {
  const failures: string[] = [];
  let found: IssuerMetadata | undefined;
  for (const address of metadataUrl === undefined ? listMetadataAddresses(issuer) : [metadataUrl]) {
    try {
      const response = await fetchFromIssuer(address);
      onAnswer?.(response);
      const metadata = await readMetadata(metadataIssuer, response);
      checkEndpoints(metadata, new URL(address), acceptClearText);
      found = { ...metadata, ...found };
    } catch (error) {
      failures.push(`${address}: ${describeError(error)}`);
    }
    const complete = found;
    if (complete && needed.every((member) => complete[member] !== undefined)) return complete;
  }
  if (found) return found;
  throw new IssuerUnusableError(issuer, `no usable metadata. ${failures.join('; ')}`);
}

async function readMetadata(issuer: string, response: Response): Promise<IssuerMetadata> {
  const document: unknown = await response.json();
  if (!isJsonObject(document)) throw new Error('it is no JSON object');
  checkIssuer(issuer, document);
  // Servers of static files may call it text, and some servers write members without a value.
  const members = Object.entries(document).filter(([, value]) => value !== null && value !== '');
  return await processDiscoveryResponse(new URL(issuer), Response.json(Object.fromEntries(members)));
}

/** RFC 8414 section 3.3: the issuers are the same, character by character. */
function checkIssuer(issuer: string, { issuer: named }: Readonly<Record<string, unknown>>): void {
  // oauth4webapi refuses what has no issuer.
  if (typeof named !== 'string' || named === issuer) return;
  throw new Error(
    `its issuer is "${cleanText(named, MAX_ISSUER)}", not "${issuer}". If that is the right server, configure the issuer as it spells itself, or set \`metadataIssuer\``,
  );
}

/** @param source - where the metadata comes from */
function checkEndpoints(metadata: IssuerMetadata, source: URL, acceptClearText: boolean): void {
  const { jwks_uri, token_endpoint, introspection_endpoint, mtls_endpoint_aliases: aliases } = metadata;
  const { revocation_endpoint } = metadata;
  const endpoints = {
    ...{ jwks_uri, token_endpoint, introspection_endpoint, revocation_endpoint },
    'mtls_endpoint_aliases.token_endpoint': aliases?.token_endpoint,
    'mtls_endpoint_aliases.introspection_endpoint': aliases?.introspection_endpoint,
    'mtls_endpoint_aliases.revocation_endpoint': aliases?.revocation_endpoint,
  };
  for (const [name, endpoint] of Object.entries(endpoints)) {
    const problem = endpoint === undefined ? undefined : findEndpointProblem(endpoint, source, acceptClearText);
    if (problem !== undefined) throw new Error(`its ${name} ${problem}`);
  }
}

/**
 * A server on https must not lead to plain http on this machine: requests to it have credentials, and other services
 * listen there.
 */
function findEndpointProblem(endpoint: unknown, source: URL, acceptClearText: boolean): string | undefined {
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) return 'is not a URL';
  const url = new URL(endpoint);
  if (!isBackendUrl(url, acceptClearText))
    return `is ${endpoint}, which is neither https nor on loopback. If nobody else can listen on the way there, set \`acceptClearText\` of the issuer`;
  const isClear = url.protocol === 'http:' && (isLoopback(url) || !acceptClearText);
  if (isClear && source.protocol === 'https:') return `is ${endpoint}, but the metadata is on https`;
  return undefined;
}
