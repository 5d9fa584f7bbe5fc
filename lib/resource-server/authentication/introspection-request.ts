import { decodeProtectedHeader, jwtVerify } from 'jose';
import {
  allowInsecureRequests,
  customFetch,
  introspectionRequest,
  processIntrospectionResponse,
  type AuthorizationServer,
} from 'oauth4webapi';
import { IssuerUnusableError } from '../../errors/issuer-unusable-error.js';
import { describeError, toReadable } from '../../errors/reason.js';
import type { TokenClaims } from '../access/claims.js';
import { describeRefusal, readEndpointAnswer } from '../issuers/endpoint-answer.js';
import { createClientFetch, toClientMetadata } from '../issuers/issuer-client.js';
import type { Issuer } from '../issuers/issuer.js';
import type { ResolvedIntrospection } from '../issuers/resolved-issuer.js';
import type { SentRequest } from '../issuers/sent-secrets.js';
import { verifyJws } from './signed-token.js';

/** Time limit for the endpoint, in milliseconds. */
export const TIMEOUT = 5_000;

/**
 * The server that introspects the tokens of an issuer.
 *
 * @throws {@link IssuerUnusableError} if the metadata of the issuer is needed, and not available
 */
export async function findServer(issuer: Issuer, { endpoint }: ResolvedIntrospection): Promise<AuthorizationServer> {
  if (endpoint === undefined) return await issuer.getMetadata();
  return { issuer: issuer.options.metadataIssuer, introspection_endpoint: endpoint };
}

/** Asks an issuer about one token (RFC 7662). */
export class IntrospectionRequest {
  #status: number | undefined;

  constructor(
    private readonly token: string,
    private readonly issuer: Issuer,
    private readonly introspection: ResolvedIntrospection,
  ) {}

  /** Whether the endpoint has answered, and works. */
  get isAnswered(): boolean {
    return this.#status !== undefined && this.#status < 500;
  }

  /** @throws {@link IssuerUnusableError} if the issuer gives no trustworthy response */
  async send(server: AuthorizationServer): Promise<TokenClaims> {
    const { client, signedResponse } = this.introspection;
    const registration = {
      client_id: client.id,
      ...toClientMetadata(client.authentication),
      ...(signedResponse !== undefined && { introspection_signed_response_alg: signedResponse }),
    };
    const send = createClientFetch(client.authentication);
    let sent: SentRequest | undefined;
    try {
      const response = await introspectionRequest(server, registration, client.authentication, this.token, {
        additionalParameters: { token_type_hint: 'access_token' },
        signal: AbortSignal.timeout(TIMEOUT),
        [customFetch]: async (url, init) => {
          sent = init;
          const answer = await send(url, init);
          this.#status = answer.status;
          return answer;
        },
        // The addresses are already checked: plain http is allowed only on loopback.
        [allowInsecureRequests]: true,
      });
      if (response.status !== 200 && sent) throw new Error(describeRefusal(await readEndpointAnswer(response), sent));
      if (signedResponse !== undefined) await verifySignature(response.clone(), this.issuer, signedResponse);
      return dropNulls(await processIntrospectionResponse(server, registration, response));
    } catch (thrown) {
      const error = toReadable(thrown);
      if (error instanceof IssuerUnusableError) throw error;
      // Without `cause`, which may contain the request.
      throw new IssuerUnusableError(this.issuer.identifier, `introspection failed. ${describeError(error)}`);
    }
  }
}

/** RFC 9701 section 5. */
const SIGNED_ANSWER = {
  name: 'an answer of introspection',
  types: new Set(['token-introspection+jwt']),
  acceptMissingType: false,
};

/** Verifies that this issuer has signed the response (RFC 9701 section 5). */
async function verifySignature(response: Response, issuer: Issuer, algorithm: string): Promise<void> {
  const type = response.headers.get('content-type')?.split(';')[0];
  if (type !== 'application/token-introspection+jwt') throw new Error('the answer is not signed');
  const jwt = await response.text();
  const found = await verifyJws(
    { token: jwt, header: decodeProtectedHeader(jwt) },
    { ...SIGNED_ANSWER, algorithms: [algorithm] },
    issuer,
  );
  if ('problem' in found) throw new Error(`the answer ${found.problem}: ${found.refusal.detail}`);
  await jwtVerify(jwt, found.key, { algorithms: [algorithm] });
}

/** Many servers write `null` for a member that they have no value for. */
function dropNulls(claims: TokenClaims): TokenClaims {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== null));
}
