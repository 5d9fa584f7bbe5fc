import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { toReadable } from '../../errors/reason.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { AuditLog } from '../../observability/audit-log.js';
import { countLimited } from '../../observability/metrics.js';
import type { RequestTrace } from '../../observability/request-trace.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import type { Caller } from '../access/caller.js';
import { readCompletion, type Operation } from '../access/operation.js';
import { Admission } from '../authorization/admission.js';
import type { MethodHost, Offer } from '../catalogue/primitive.js';
import { findApplicationThrottling } from './limit-storage.js';
import { MemoryLimitStorage } from './memory-limit-storage.js';
import { LimitedRequest, OperationThrottler, type LimitedTarget } from './operation-throttler.js';
import { OwnThrottlers } from './own-throttlers.js';
import { RateLimitException } from './rate-limit-exception.js';

/** An authenticated request, and the response to it. */
export interface CountedRequest {
  readonly caller?: Caller | undefined;
  readonly operation?: Operation | undefined;
  /** What the operation is for, if it exists. */
  readonly offer: Offer | undefined;
  readonly body?: unknown;
  readonly trace: RequestTrace;
}

/** Limits how often a caller may ask (MCP specification, Tools, Security Considerations). */
@Injectable()
export class RateLimits implements OnModuleInit {
  readonly #storage = new MemoryLimitStorage();
  #throttler: OperationThrottler | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly modules: ModulesContainer,
    private readonly config: ApplicationConfig,
    private readonly admission: Admission,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Called by Nest, when the application's `ThrottlerModule` is there.
   *
   * @throws {@link McpAuthConfigurationError} if its limits cannot apply to tools
   */
  async onModuleInit(): Promise<void> {
    const { rateLimits, resource } = this.options;
    const application = findApplicationThrottling(this.modules, this.#storage);
    const { throttlers = [] } = Array.isArray(application?.options)
      ? { throttlers: application.options }
      : (application?.options ?? {});
    if (throttlers.length > 0 && rateLimits.isPerToolGiven) {
      throw new McpAuthConfigurationError([
        '`limits.rate.perTool` has no effect beside ThrottlerModule, whose throttlers take its place. Remove one of the two.',
      ]);
    }
    const { perCaller, perTool } = rateLimits;
    if (throttlers.length === 0 && !perCaller && !perTool) return;
    const { options: given, storage } = application ?? { options: [], storage: this.#storage };
    this.#throttler = new OperationThrottler(
      resource,
      rateLimits,
      given,
      new OwnThrottlers(this.config),
      storage,
      this.#storage,
    );
    await this.#throttler.onModuleInit();
  }

  /** Whether anything is counted. */
  get areSet(): boolean {
    return this.#throttler !== undefined;
  }

  /** Names of the throttlers that count requests of this server. */
  get throttlers(): readonly string[] {
    return this.#throttler?.names ?? [];
  }

  /**
   * Counts a request, before anything is decided about it.
   *
   * @param http - the request and the response
   * @throws {@link RateLimitException} if the caller has asked too often. It is already in the audit, metrics and span
   */
  async count(request: CountedRequest, http: readonly [request: unknown, response: unknown]): Promise<void> {
    const { caller, operation, trace } = request;
    try {
      await this.#throttler?.canActivate(
        new LimitedRequest(caller, operation?.method, this.#findTarget(request), http),
      );
    } catch (thrown) {
      const error = toReadable(thrown);
      if (!(error instanceof RateLimitException)) throw error;
      const { throttler, retryAfterSeconds, allowed } = error;
      countLimited(throttler);
      trace.fail('rate_limited');
      this.audit.record({
        ...trace.createAuditContext(caller, operation),
        type: 'request_limited',
        throttler,
        detail: `its caller asked more often than the throttler "${throttler}" allows: ${allowed.limit} times within ${allowed.ttlMs / 1000} s`,
        fix: 'If that is no abuse, raise the limit in `limits.rate`, in `ThrottlerModule`, or in `@Throttle()` of the tool.',
        retryAfterMs: retryAfterSeconds * 1000,
      });
      throw error;
    }
  }

  /** What a caller may not see counts as missing: a limit of its own would tell that it exists. */
  #findTarget({ caller, operation, offer, body }: CountedRequest): LimitedTarget | undefined {
    if (!operation || !offer || !this.admission.isShown(offer, caller, operation.name)) return undefined;
    const { type, method, handler } = findHost(offer, operation, body);
    const own = (type.prototype as Record<string, ((...args: never[]) => unknown) | undefined>)[method];
    const decorated = handler ?? own;
    return { names: [operation.method, offer.name], decorated: decorated && { type, method: decorated } };
  }
}

/** The method that answers: that of the primitive, or one that completes an argument. */
function findHost(offer: Offer, { method }: Operation, body: unknown): MethodHost {
  if (method !== 'completion/complete' || !('completions' in offer)) return offer.host;
  const completions = offer.completions as ReadonlyMap<string, { readonly host: MethodHost }>;
  return completions.get(readCompletion(body).argument)?.host ?? offer.host;
}
