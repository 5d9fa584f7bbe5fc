import { claimsOf, sha256, type ProofClient } from './proof-client.js';

/** A client with a token that is bound to its key, and the server that the token is for. */
export interface BoundClient {
  readonly client: ProofClient;
  readonly token: string;
  readonly resource: string;
}

/** A good proof for one request to the server; claims given replace the usual ones. */
export async function proofOf(
  { client, token, resource }: BoundClient,
  claims: Record<string, unknown> = {},
): Promise<string> {
  return await client.proof({ ...claimsOf(), htu: resource, ath: sha256(token), ...claims });
}

/**
 * A `fetch` that does what RFC 9449 sections 7.1 and 9 ask of a client: the token under the scheme DPoP, a new proof
 * with each request, the nonce that the server gave last, and one more try where it demands another.
 */
export function fetchWithProof(bound: BoundClient): typeof fetch {
  let nonce: string | undefined;
  const once = async (input: string | URL | Request, init: RequestInit | undefined): Promise<Response> => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `DPoP ${bound.token}`);
    headers.set('dpop', await proofOf(bound, { htm: init?.method ?? 'GET', nonce }));
    const response = await fetch(input, { ...init, headers });
    nonce = response.headers.get('dpop-nonce') ?? nonce;
    return response;
  };
  return async (input, init) => {
    const response = await once(input, init);
    const isNonceWanted = response.headers.get('www-authenticate')?.includes('error="use_dpop_nonce"') ?? false;
    return response.status === 401 && isNonceWanted ? await once(input, init) : response;
  };
}
