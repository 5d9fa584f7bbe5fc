import type { ClientAuthentication } from '../clients/client-authentication.js';
import { fetchLimited } from './issuer-fetch.js';

/** Metadata of a client that selects its endpoints (RFC 8705 section 5). */
export function toClientMetadata({ dispatcher }: ClientAuthentication): { use_mtls_endpoint_aliases?: boolean } {
  return dispatcher ? { use_mtls_endpoint_aliases: true } : {};
}

/** `fetch` for requests that authenticate the client. It presents the client's certificate, if there is one. */
export function createClientFetch({ dispatcher }: ClientAuthentication): typeof fetchLimited {
  return (address, init) => fetchLimited(address, init, dispatcher?.());
}
