import type { ClientAuthentication } from '../clients/client-authentication.js';
import { limitedFetch } from './issuer-fetch.js';

/** What the endpoints of a client depend on (RFC 8705 section 5). */
export function metadataOf({ dispatcher }: ClientAuthentication): { use_mtls_endpoint_aliases?: boolean } {
  return dispatcher ? { use_mtls_endpoint_aliases: true } : {};
}

/** `fetch` for requests in which a client authenticates itself: with its certificate, where that is how. */
export function clientFetch({ dispatcher }: ClientAuthentication): typeof limitedFetch {
  return (address, init) => limitedFetch(address, init, dispatcher?.());
}
