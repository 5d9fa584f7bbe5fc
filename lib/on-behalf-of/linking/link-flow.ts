import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { calculatePKCECodeChallenge, randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client';
import { CleanLogger } from '../../log/clean-logger.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { ExchangeHealth } from '../exchange/exchange-health.js';
import { AccountRefresh } from './account-refresh.js';
import { AccountServers, isLinked, type LinkedDownstream } from './account-servers.js';
import { BrowserCookie } from './browser-cookie.js';
import { LinkAudit } from './link-audit.js';
import { classifyLinkFailure, findOperatorsFault } from './link-failure.js';
import { linkPages, type LinkOutcome, type LinkPage } from './link-page.js';
import { buildAccountCallback, buildSignInCallback } from './link-paths.js';
import { compareUsers, describeLinkRefusal, type RefusedLink } from './link-refusal.js';
import { LinkRecords, type AccountOwner, type LinkRequest, type LinkStep } from './link-records.js';
import { UserSignIn } from './user-sign-in.js';

/** The answer to the browser. */
export type LinkAnswer = ({ readonly redirect: URL } | { readonly page: LinkPage }) & {
  /** `Set-Cookie`. */
  readonly cookie?: string;
};

/** What a browser returns with. */
export interface BrowserReturn {
  /** The query as received. */
  readonly query: URLSearchParams;
  /** `Cookie`. */
  readonly cookies: string | undefined;
}

/**
 * Links an account in three steps: the user opens the link, signs in at the caller's issuer, and authorizes the server
 * at the API. All three have to happen in the same browser, and the user has to be the one whose call asked for the
 * link (MCP specification, URL mode elicitation, phishing).
 */
@Injectable()
export class LinkFlow {
  readonly #logger = new CleanLogger('LinkedAccounts');

  constructor(
    private readonly options: ResolvedOptions,
    private readonly records: LinkRecords,
    private readonly signIn: UserSignIn,
    private readonly servers: AccountServers,
    private readonly accounts: AccountRefresh,
    private readonly health: ExchangeHealth,
    private readonly audit: LinkAudit,
  ) {}

  /** Opens the link. The visitor is not known yet and may be a link scanner, so the link stays valid. */
  async open(id: string): Promise<LinkAnswer> {
    return await this.#answer(async (about) => {
      const request = await this.records.findRequest(id);
      if (request) about(request);
      else return this.#refuse('expired', 'nobody asked for this link, or it was used already', undefined);
      const requestId = this.records.deriveRequestKey(id);
      const { header, hash } = new BrowserCookie(this.#origin, requestId).issue();
      const { url, ...pending } = await this.#beginSignIn(request);
      await this.records.keepStep(pending.state, {
        kind: 'sign-in',
        requestId,
        request,
        browser: hash,
        codeVerifier: pending.codeVerifier,
        nonce: pending.nonce,
      });
      return { redirect: url, cookie: header };
    });
  }

  /** Handles the return from the sign-in. The link is used up, whether the sign-in succeeded or not. */
  async finishSignIn({ query, cookies }: BrowserReturn): Promise<LinkAnswer> {
    return await this.#answer(async (about) => {
      const step = await this.#takeStep('sign-in', query, cookies);
      if ('page' in step) return step;
      about(step.request);
      const { request, requestId, state, nonce = '', codeVerifier, browser } = step;
      const target = this.#findTarget(request);
      if (!target || !(await this.records.closeRequest(requestId)))
        return this.#refuse('expired', 'the link was used already', request);
      const url = this.#toReturnUrl(buildSignInCallback(this.options.path), query);
      const identity = await this.signIn.identify(request, url, { state, codeVerifier, nonce });
      if (identity !== request.identity)
        return this.#refuseAs(compareUsers(identity, request.identity, this.signIn.nameClaims(request)), request);
      const { url: redirect, ...next } = await this.#beginAuthorization(request, target);
      await this.records.keepStep(next.state, {
        kind: 'authorization',
        requestId,
        request,
        browser,
        codeVerifier: next.codeVerifier,
      });
      return { redirect };
    });
  }

  /** Handles the return from the API's authorization server, with or without an authorization. */
  async finishAuthorization(downstream: string, { query, cookies }: BrowserReturn): Promise<LinkAnswer> {
    return await this.#answer(async (about) => {
      const step = await this.#takeStep('authorization', query, cookies, downstream);
      if ('page' in step) return step;
      about(step.request);
      const { request, requestId, state, codeVerifier } = step;
      const target = this.#findTarget(request);
      if (!target) return this.#refuse('expired', 'the downstream is no longer configured', request);
      const url = this.#toReturnUrl(buildAccountCallback(this.options.path, downstream), query);
      await this.accounts.replace(request, await this.#redeem(request, target, url, { state, codeVerifier }));
      this.audit.recordLink(request);
      const cookie = new BrowserCookie(this.#origin, requestId).removal;
      return { page: linkPages.linked(target.linked.title), cookie };
    });
  }

  async #redeem(
    owner: AccountOwner,
    target: LinkedDownstream,
    url: URL,
    expected: { state: string; codeVerifier: string },
  ) {
    const account = await this.servers.redeem(owner, target, url, expected);
    this.health.recordSuccess(target.name);
    return account;
  }

  async #beginSignIn(request: LinkRequest) {
    const redirectUri = new URL(buildSignInCallback(this.options.path), this.#origin);
    const [pending, nonce] = [await createCodeRequest(), randomNonce()];
    return {
      ...pending,
      nonce,
      url: await this.signIn.createAuthorizationUrl(request, { redirectUri, nonce, ...pending }),
    };
  }

  async #beginAuthorization(owner: AccountOwner, target: LinkedDownstream) {
    const redirectUri = new URL(buildAccountCallback(this.options.path, target.name), this.#origin);
    const pending = await createCodeRequest();
    return { ...pending, url: await this.servers.createAuthorizationUrl(owner, target, { redirectUri, ...pending }) };
  }

  /** Takes what a state stands for. The browser and the redirect URI have to match. The state is void afterwards. */
  async #takeStep(
    kind: LinkStep['kind'],
    query: URLSearchParams,
    cookies: string | undefined,
    downstream?: string,
  ): Promise<(LinkStep & { readonly state: string }) | { readonly page: LinkPage }> {
    const [state, ...more] = query.getAll('state');
    const step = state === undefined || more.length > 0 ? undefined : await this.records.takeStep(state);
    if (state === undefined || !step) return this.#refuse('expired', 'no sign-in was begun with this state', undefined);
    if (!new BrowserCookie(this.#origin, step.requestId).isIn(cookies, step.browser))
      return this.#refuse('anotherBrowser', 'it was begun in another browser', step.request);
    if (step.kind !== kind || (downstream !== undefined && step.request.downstream !== downstream))
      return this.#refuse('failed', 'an answer came to the redirect URI of another server', step.request);
    return { ...step, state };
  }

  #findTarget({ downstream }: LinkRequest): LinkedDownstream | undefined {
    const target = this.options.downstreams.get(downstream);
    return target && isLinked(target) ? target : undefined;
  }

  /** The registered redirect URI, whatever `Host` says. */
  #toReturnUrl(path: string, query: URLSearchParams): URL {
    return new URL(`${path}?${query.toString()}`, this.#origin);
  }

  get #origin(): string {
    return this.options.endpoint.origin;
  }

  async #answer(attempt: (about: (request: LinkRequest) => void) => Promise<LinkAnswer>): Promise<LinkAnswer> {
    let request: LinkRequest | undefined;
    try {
      return await attempt((one) => (request = one));
    } catch (error) {
      const refused = classifyLinkFailure(error);
      const target = request && this.#findTarget(request);
      const fault = target && findOperatorsFault(error, target);
      if (!fault) return this.#refuseAs(refused, request, 'warn');
      this.health.recordFailure(target.name, fault);
      const { code, fix } = fault;
      const misconfigured = { outcome: 'misconfigured', reason: `${code}, ${refused.reason}`, fix } as const;
      return this.#refuseAs(misconfigured, request, 'error');
    }
  }

  #refuse(outcome: LinkOutcome, reason: string, request: LinkRequest | undefined): { readonly page: LinkPage } {
    return this.#refuseAs({ outcome, reason }, request);
  }

  /** Refuses the request. Without a known link it is logged only at debug level, because anybody can cause that. */
  #refuseAs(
    refused: RefusedLink,
    request: LinkRequest | undefined,
    level: 'error' | 'warn' | 'debug' = request ? 'warn' : 'debug',
  ): { readonly page: LinkPage } {
    const { outcome, reason } = refused;
    const reference = randomUUID();
    if (request) {
      const { downstream } = request;
      const { detail, fix } = describeLinkRefusal(refused, downstream);
      const told = detail === reason ? reason : `${reason}: ${detail}`;
      this.#logger[level](`No account was linked at ${downstream}: ${told}. ${fix} [${reference}]`);
      this.audit.recordRefusal(request, { reason, detail, fix, reference });
    } else this.#logger[level](`No account was linked: ${reason}`);
    return { page: linkPages[outcome](reference) };
  }
}

async function createCodeRequest(): Promise<{
  readonly state: string;
  readonly codeVerifier: string;
  readonly codeChallenge: string;
}> {
  const codeVerifier = randomPKCECodeVerifier();
  return { state: randomState(), codeVerifier, codeChallenge: await calculatePKCECodeChallenge(codeVerifier) };
}
