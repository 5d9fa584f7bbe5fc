import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  allowInsecureRequests,
  customFetch,
  isDPoPNonceError,
  protectedResourceRequest,
  WWWAuthenticateChallengeError,
} from 'oauth4webapi';
import type { ExchangedToken } from '../dialects/dialect.js';
import { createDownstreamError } from '../failures/failure-error.js';
import { decodeClaims } from '../failures/failure-table.js';
import { traceDownstream } from '../../observability/downstream-span.js';
import type { ResolvedDownstream } from '../options/resolved-downstream.js';
import { Cancellation } from './cancellation.js';
import { ACCEPTED_ENCODINGS } from './content-encoding.js';
import { discard, readHeader, toHeaders, type DownstreamAnswer, type WireAnswer } from './downstream-answer.js';
import { DownstreamError } from '../../errors/downstream-error.js';
import { DownstreamTransport } from './downstream-transport.js';
import { toOutgoingRequest, combineSignals, dropReserved } from './outgoing-request.js';
import { MAX_REDIRECTS, findNextHop, type Hop } from './redirect.js';
import { isRepeatable, withRetries } from './retries.js';
import { createTemporaryFailure } from '../failures/temporary-failure.js';
import type { RunningCall } from './tool-call.js';

/** What all attempts of one `fetch` call share. */
interface Sending {
  readonly call: RunningCall;
  readonly target: ResolvedDownstream;
  readonly transport: DownstreamTransport;
  readonly cancellation: Cancellation;
  /** Milliseconds of `performance.now()`. */
  readonly until: number;
}

/** Sends requests to downstreams with the token of the running call's caller. */
@Injectable()
export class DownstreamSender implements OnApplicationShutdown {
  /** Connections and breaker, by what a downstream's forms for all issuers share. */
  readonly #transports = new Map<ResolvedDownstream['http'], DownstreamTransport>();

  /**
   * Sends a request of `fetch`. If the API refuses the token, a new one is exchanged, once.
   *
   * @param name - of the downstream
   * @throws {@link DownstreamError} if no token is available, no answer comes, or the request leaves its bounds
   */
  async send(
    call: RunningCall,
    name: string,
    input: string | URL | Request,
    init: RequestInit | undefined,
  ): Promise<DownstreamAnswer> {
    const target = call.access.getDownstream(name);
    const cancellation = new Cancellation(call, combineSignals(input, init));
    const { deadlineMs } = target.http;
    const until = performance.now() + deadlineMs;
    const sending: Sending = { call, target, transport: this.#getTransport(target), cancellation, until };
    const sendAndFollow = async () => {
      const request = await toOutgoingRequest(target, input, init);
      return await follow({ ...request, isWithin: true }, sending);
    };
    return await cancellation.limit(cancellation.race(sendAndFollow()), deadlineMs, () =>
      createTemporaryFailure('downstream_timeout', `${name} gave no answer within ${deadlineMs} ms`, target),
    );
  }

  /** Called by Nest after all calls have ended. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.#transports.values()].map((transport) => transport.close()));
  }

  #getTransport(target: ResolvedDownstream): DownstreamTransport {
    let transport = this.#transports.get(target.http);
    if (!transport) {
      transport = new DownstreamTransport(target);
      this.#transports.set(target.http, transport);
    }
    return transport;
  }
}

/** An answer with its challenges. */
type ChallengingAnswer = WireAnswer & Pick<DownstreamAnswer, 'challenges' | 'grantedScopes' | 'sent'>;

async function follow(first: Hop, sending: Sending): Promise<DownstreamAnswer> {
  const { target } = sending;
  let hop = first;
  for (let redirects = 0; ; redirects += 1) {
    const answer = hop.isWithin ? await sendWithToken(hop, sending) : await retry(hop, undefined, sending);
    const next = hop.redirect === 'manual' ? undefined : findNextHop(hop, answer, target);
    if (!next) {
      const release = () => {
        sending.cancellation.release();
      };
      return { ...answer, method: hop.method, url: hop.url, redirected: redirects > 0, release };
    }
    discard(answer);
    if (redirects === MAX_REDIRECTS) {
      const message = `${target.name} redirects more than ${MAX_REDIRECTS} times`;
      throw new DownstreamError('downstream_redirect', message, { downstream: target.name });
    }
    hop = next;
  }
}

/** Sends a request, and retries once with a new token. The old one may be revoked or insufficient without notice. */
async function sendWithToken(hop: Hop, sending: Sending): Promise<ChallengingAnswer> {
  const { access, caller } = sending.call;
  const { name } = sending.target;
  const token = await access.getToken(name);
  const answer = await retry(hop, token, sending);
  if (!token) return answer;
  const first = { ...answer, sent: { token, isRenewed: false, caller } };
  if (answer.status !== 401) return first;
  const { error, claims } = answer.challenges.find(({ parameters }) => parameters.error)?.parameters ?? {};
  // Only the user can act on this.
  if (error === 'insufficient_user_authentication') return first;
  const renewed = access.getToken(name, { refused: token.value, claims: decodeClaims(claims) });
  if (!hop.body.isReplayable) {
    renewed.catch(() => undefined);
    return first;
  }
  discard(answer);
  const other = await renewed;
  const second = await retry(hop, other, sending);
  return other ? { ...second, sent: { token: other, isRenewed: true, caller } } : second;
}

async function retry(hop: Hop, token: ExchangedToken | undefined, sending: Sending): Promise<ChallengingAnswer> {
  const { cancellation, until, target } = sending;
  const retries = isRepeatable(hop) ? target.http.retries : 0;
  return await withRetries((attempt) => attemptOnce(hop, token, attempt, sending), { retries, until, cancellation });
}

async function attemptOnce(
  hop: Hop,
  token: ExchangedToken | undefined,
  attempt: number,
  sending: Sending,
): Promise<ChallengingAnswer> {
  const { call, target } = sending;
  const { method, url } = hop;
  const { onRequest, onResponse } = target.http;
  const headers = new Headers(hop.headers);
  const request = { downstream: target.name, tool: call.tool, caller: call.caller, method, url, headers, attempt };
  const isShown = hop.isWithin;
  if (onRequest && isShown) {
    await onRequest(request);
    dropReserved(headers);
    const cookies = hop.headers.get('cookie');
    if (cookies !== null) headers.set('cookie', cookies);
  }
  const startedAt = performance.now();
  const answer = await traceDownstream(request, async () => {
    if (token) return await presentToken(token, hop, headers, sending);
    return { ...(await transmit(hop, Object.fromEntries(headers), sending)), challenges: [] };
  });
  if (onResponse && isShown) {
    const duration = performance.now() - startedAt;
    await onResponse({ status: answer.status, headers: toHeaders(answer), durationMs: duration }, request);
  }
  return answer;
}

/** RFC 6750 section 2.1, RFC 9449 section 7.1. */
async function presentToken(
  token: ExchangedToken,
  hop: Hop,
  headers: Headers,
  sending: Sending,
): Promise<ChallengingAnswer> {
  if (token.type === 'dpop') return await presentProof(token, hop, headers, sending);
  const answer = await transmit(
    hop,
    { ...Object.fromEntries(headers), authorization: `Bearer ${token.value}` },
    sending,
  );
  return { ...answer, challenges: await readChallenges(answer, hop), grantedScopes: token.grantedScopes };
}

/** RFC 9449 section 9: an answer may contain a nonce. The DPoP handle keeps it for the next request. */
async function presentProof(
  token: ExchangedToken,
  hop: Hop,
  headers: Headers,
  sending: Sending,
  isAgain = false,
): Promise<ChallengingAnswer> {
  const { target } = sending;
  const dpop = await target.dpop?.handle();
  if (!dpop) {
    const message = `${target.name} cannot be called: its token is bound to a key, and there is no \`dpop\``;
    throw createDownstreamError('exchange_misconfigured', message, {}, target);
  }
  let answer: WireAnswer | undefined;
  const challenge = await catchChallenge(
    protectedResourceRequest(token.value, hop.method, hop.url, headers, null, {
      DPoP: dpop,
      [customFetch]: async (_url, init) => {
        answer = await transmit(hop, init.headers, sending);
        return toHead(answer);
      },
      // The base URL was checked: plain http only occurs on loopback.
      [allowInsecureRequests]: true,
    }),
  );
  if (!answer) throw new Error('Nothing was sent');
  if (challenge && isDPoPNonceError(challenge) && !isAgain && hop.body.isReplayable) {
    discard(answer);
    return await presentProof(token, hop, headers, sending, true);
  }
  return { ...answer, challenges: challenge?.cause ?? [], grantedScopes: token.grantedScopes };
}

async function readChallenges(answer: WireAnswer, { url }: Hop): Promise<ChallengingAnswer['challenges']> {
  if (readHeader(answer, 'www-authenticate') === null) return [];
  const asked = protectedResourceRequest('-', 'GET', url, undefined, null, {
    [customFetch]: () => Promise.resolve(toHead(answer)),
    [allowInsecureRequests]: true,
  });
  return (await catchChallenge(asked))?.cause ?? [];
}

async function catchChallenge(request: Promise<Response>): Promise<WWWAuthenticateChallengeError | undefined> {
  try {
    await request;
    return undefined;
  } catch (error) {
    if (error instanceof WWWAuthenticateChallengeError) return error;
    throw error;
  }
}

/** What oauth4webapi reads: challenges and nonces. */
function toHead(answer: WireAnswer): Response {
  const known = ['www-authenticate', 'dpop-nonce'].flatMap((name): [string, string][] =>
    [answer.headers[name] ?? []].flat().map((value) => [name, value]),
  );
  return new Response(null, { status: answer.status, headers: known });
}

async function transmit(hop: Hop, headers: Record<string, string>, sending: Sending): Promise<WireAnswer> {
  const { method, url, body } = hop;
  const all = { ...DEFAULT_HEADERS, ...headers };
  return await sending.transport.send({ method, url, headers: all, body }, sending.cancellation, sending.call);
}

/** Headers that are sent unless the tool sets them. */
const DEFAULT_HEADERS = { accept: '*/*', 'accept-encoding': ACCEPTED_ENCODINGS, 'user-agent': 'nestjs-mcp-auth' };
