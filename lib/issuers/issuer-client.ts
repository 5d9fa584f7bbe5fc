import * as oauth from 'openid-client';
import type { ClientOptions } from '../options/mcp-auth-options.js';
import { limitedFetch } from './issuer-fetch.js';
import type { IssuerMetadata } from './issuer-metadata.js';

/** Seconds that an endpoint may take. */
const TIMEOUT = 10;

const configurations = new WeakMap<IssuerMetadata, Map<unknown, oauth.Configuration>>();

/** The server as a client of an issuer: for its token endpoint, or its introspection endpoint. */
export function issuerClient(
  metadata: IssuerMetadata,
  client: Pick<ClientOptions, 'id' | 'authentication'>,
): oauth.Configuration {
  const known = configurations.get(metadata) ?? new Map<unknown, oauth.Configuration>();
  configurations.set(metadata, known);
  let configuration = known.get(client);
  if (!configuration) {
    configuration = new oauth.Configuration(metadata, client.id, undefined, client.authentication);
    configuration.timeout = TIMEOUT;
    configuration[oauth.customFetch] = limitedFetch as oauth.CustomFetch;
    // The addresses were checked: plain http is on loopback alone.
    oauth.allowInsecureRequests(configuration);
    known.set(client, configuration);
  }
  return configuration;
}

/** `fetch` for requests that a client authenticates itself in. */
export function issuerClientFetch(_authentication: ClientOptions['authentication']): typeof limitedFetch {
  return limitedFetch;
}
