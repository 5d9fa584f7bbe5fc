import type { ClientAuthentication } from '../clients/client-authentication.js';
import { fetchLimited } from './issuer-fetch.js';

/** What the endpoints of a client depend on (RFC 8705 section 5). */
export function toClientMetadata({ dispatcher }: ClientAuthentication): { use_mtls_endpoint_aliases?: boolean } {
  return dispatcher ? { use_mtls_endpoint_aliases: true } : {};
}

/** `fetch` for requests in which a client authenticates itself: with its certificate, where that is how. */
export function createClientFetch({ dispatcher }: ClientAuthentication): typeof fetchLimited {
  return (address, init) => fetchLimited(address, init, dispatcher?.());
}
