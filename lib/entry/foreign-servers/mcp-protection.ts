import {
  BadRequestException,
  ForbiddenException,
  Injectable,
  MethodNotAllowedException,
  type ExecutionContext,
  type HttpException,
  type OnApplicationBootstrap,
  type Type,
} from '@nestjs/common';
import { readAddress, runFrom } from '../../limits/caller-address.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { AuthenticationGuard } from '../endpoint/authentication.guard.js';
import { RateLimits } from '../../resource-server/rate-limits/rate-limits.js';
import { refuseBatch } from '../endpoint/authorization.guard.js';
import { DeniedAnswers } from '../endpoint/denied-answers.js';
import { DownstreamPreparation } from '../../on-behalf-of/downstream/downstream-preparation.js';
import { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import { Admission, AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import { MissingArgumentError, readKnownArguments } from '../../resource-server/authorization/known-arguments.js';
import { Policies } from '../../resource-server/authorization/policies.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import type { Found } from '../../resource-server/catalogue/found.js';
import type { Offer } from '../../resource-server/catalogue/primitive.js';
import { isAnswer, readOperation, type Operation } from '../../resource-server/access/operation.js';
import { runToolCall } from '../../on-behalf-of/downstream/tool-call.js';
import { EndpointGuard } from '../endpoint/endpoint.guard.js';
import { getRequest, type McpRequest } from '../endpoint/mcp-request.js';
import type { PlatformResponse } from '../endpoint/node-request.js';
import { answerPreflight } from '../endpoint/preflight.js';
import { CallerAccess } from '../../on-behalf-of/downstream/caller-access.js';
import { describeError } from '../../errors/reason.js';
import { ToldFailure } from '../../errors/told-exception.js';
import { OpenStreams } from '../../mcp/protocol/open-streams.js';
import { AuditLog } from '../../observability/audit-log.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { BoundSessions } from './bound-sessions.js';
import { readPaths } from './controller-paths.js';
import { ForeignAnswers } from './foreign-answers.js';
import { ForeignShares } from './foreign-shares.js';
import { handleMessage } from './handled-message.js';
import { freezeCopy } from '../../resource-server/authorization/frozen-copy.js';
import type { ForeignOutcome } from './foreign-outcome.js';
import { handOver } from './handed-over-request.js';
import { PreparedRules, type Demand, type ProtectedMcpOptions } from './foreign-rules.js';

/** Protects endpoints of the application that another MCP server answers, such as one of the SDK. */
@Injectable()
export class McpProtection implements OnApplicationBootstrap {
  readonly #logger = new CleanLogger('ProtectedMcp');
  /** Copies of the messages that were authorized. */
  readonly #authorized = new WeakMap<McpRequest<Offer>, unknown>();
  #isUsed = false;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly endpoint: EndpointGuard,
    private readonly authentication: AuthenticationGuard,
    private readonly limits: RateLimits,
    private readonly admission: Admission,
    private readonly preparation: DownstreamPreparation,
    private readonly answers: DeniedAnswers,
    private readonly policies: Policies,
    private readonly catalogue: Catalogue,
    private readonly callers: CallerAccess,
    private readonly audit: AuditLog,
    private readonly streams: OpenStreams,
    private readonly shares: ForeignShares,
    private readonly sessions: BoundSessions,
    private readonly foreign: ForeignAnswers,
  ) {}

  /** Called by Nest when the application has started. */
  onApplicationBootstrap(): void {
    const { endpoint, resource } = this.options;
    if (endpoint.isMounted || this.#isUsed) return;
    this.#logger.warn(
      `\`endpoint.mount\` is false, but no controller has @ProtectedMcp: whatever answers at ${resource} is not protected. Put it on that controller.`,
    );
  }

  /**
   * Validates the rules once, at boot.
   *
   * @throws {@link McpAuthConfigurationError} if a rule is invalid
   */
  async prepare(rules: ProtectedMcpOptions, type: Type): Promise<PreparedRules> {
    const problems: string[] = [];
    this.#isUsed = true;
    const prepared = new PreparedRules(rules, type, this.options, problems);
    if (this.options.endpoint.isMounted && readPaths(type).includes(this.options.endpoint.path)) {
      problems.push(
        `@ProtectedMcp is on ${type.name}, whose path the endpoint of the module has. Set \`endpoint.mount\` to false.`,
      );
    }
    if (problems.length > 0) throw new McpAuthConfigurationError(problems);
    await this.policies.prepare(prepared.all);
    this.catalogue.include(prepared.all);
    return prepared;
  }

  /** Admits or refuses a request as the module's own endpoint would. */
  async admit(context: ExecutionContext, rules: PreparedRules): Promise<boolean> {
    const request: McpRequest<Offer> = getRequest(context);
    request.surface = rules;
    await this.endpoint.canActivate(context);
    await this.authentication.canActivate(context);
    if (request.method === 'OPTIONS') return true;
    if (!METHODS.has(String(request.method))) throw new MethodNotAllowedException();
    const { operation, body } = request;
    const response = context.switchToHttp().getResponse<PlatformResponse>();
    refuseBatch(request);
    // If the application's parser skipped the body, the other server would read a message that nobody has authorized.
    if (request.method === 'POST' ? !operation && !isAnswer(body) : readOperation(body) !== undefined) {
      throw new BadRequestException('A JSON-RPC message is needed, by POST and as application/json');
    }
    const demand = operation ? rules.demand(operation, body) : NOTHING;
    const offer = 'found' in demand ? demand.found?.primitive : undefined;
    const { caller, trace } = request;
    await this.limits.count({ caller, operation, offer, body, trace }, [request.platform, response]);
    this.sessions.bind(request, response, rules.allowsReplay);
    if ('reason' in demand) throw this.#refuse(request, demand.reason);
    const watched: AuthorizedOperation<Offer>[] = [];
    for (const one of demand.watched) watched.push(await this.#authorize(request, one.found, one.operation));
    const authorized = await this.#authorize(request, demand.found, demand.use);
    request.admitted = authorized;
    // With filtered lists, the caller may not run what it may not see. The other server would run it.
    if (watched.some(({ primitive }) => !primitive) || (demand.found && !authorized.primitive))
      throw this.#refuse(request, 'the caller may not see it');
    request.prepared = await this.preparation.prepare(authorized, request);
    if (authorized.primitive || watched.length > 0) {
      const scopes = [...new Set([authorized, ...watched].flatMap((one) => one.scopes))];
      this.audit.recordAllowed(() => ({ ...trace.createAuditContext(caller, operation), scopes }));
    }
    this.#authorized.set(request, freezeCopy(body));
    this.foreign.narrow(request, response, rules);
    handOver(request, response);
    return true;
  }

  /**
   * Runs the handler of the request until its answer is complete. Meanwhile `DownstreamClient` acts for the caller.
   *
   * @param outcome - learns that a stream is open which has no end to wait for
   */
  async run(context: ExecutionContext, outcome: ForeignOutcome, handle: () => Promise<unknown>): Promise<void> {
    const request: McpRequest<Offer> = getRequest(context);
    const response = context.switchToHttp().getResponse<PlatformResponse>();
    if (request.method === 'OPTIONS') {
      answerPreflight(request.node, response, 'POST, OPTIONS');
      return;
    }
    this.authentication.refuseEnded(request);
    const raw = response.raw ?? response;
    const { caller, admitted, trace, operation, prepared } = request;
    const primitive = admitted instanceof AuthorizedOperation ? admitted.primitive : undefined;
    const isEndless = request.method === 'GET' || operation?.method === 'subscriptions/listen';
    const endStream = () => raw.destroy();
    const lease = runFrom(readAddress(request.platform), () =>
      this.shares.take(request, response, isEndless ? endStream : undefined),
    );
    const { ending } = outcome;
    const over = outcome.observe(isEndless);
    // A stream must not outlive the token, nor the session of the user.
    const release = this.streams.addForeign(caller, isEndless, endStream);
    void over.then(() => {
      release();
      lease.release();
    });
    const describe = () => trace.createAuditContext(caller, operation);
    const access = prepared?.access ?? this.callers.openAccess(caller, describe);
    const call = {
      tool: describe().operation?.name ?? '',
      caller,
      downstreams: primitive?.downstreams ?? [],
      access,
      ending,
    };
    const refuse = () => this.#refuse(request, 'an interceptor or a pipe of the application changed it');
    const message = { authorized: this.#authorized.get(request), refuse };
    const running = trace.run(() =>
      runToolCall(call, async () => {
        await handleMessage(message, request.body, handle);
        // Servers of the SDK answer after the handler has returned.
        if (!raw.writableEnded || !raw.writableFinished) await over;
      }),
    );
    lease.hold(running);
    await running;
  }

  #refuse({ trace, caller, operation }: McpRequest<Offer>, reason: string): ForbiddenException {
    trace.fail('rule');
    this.audit.record({
      ...trace.createAuditContext(caller, operation),
      type: 'request_refused',
      reason: 'rule',
      detail: reason,
      fix: 'Compare it with the rules in `@ProtectedMcp`. No option accepts what may be read as something with another rule.',
    });
    return new ForbiddenException('This is not offered here');
  }

  /** @param judged - the operation to authorize, if it is not that of the message */
  async #authorize(
    request: McpRequest<Offer>,
    found: Found<Offer> | undefined,
    judged?: Operation,
  ): Promise<AuthorizedOperation<Offer>> {
    const { caller, operation, body, trace } = request;
    const asked = {
      ...{ caller, operation, found, body },
      ...(judged && { judgedAs: { operation: judged, body } }),
      ...(operation?.method === 'completion/complete' && { known: readKnownArguments(body) }),
    };
    try {
      return await this.admission.admit(asked, trace);
    } catch (error) {
      if (!(error instanceof AccessDeniedError)) throw error;
      throw (await this.answers.answer(error, asked, request)) ?? this.#toException(error);
    }
  }

  /** A final denial. The other server is not asked, so it cannot report the denial in a result of its own. */
  #toException({ reason, denial, cause, reference }: AccessDeniedError): HttpException {
    switch (reason) {
      case 'app_only':
        return new ForbiddenException('This acts for a user, and the token has no user');
      case 'undecided':
        if (cause instanceof MissingArgumentError)
          return new ForbiddenException('Whether this is allowed takes arguments that are missing');
        this.#logger.error(`A policy failed [${reference}] ${describeError(cause)}`);
        return new ToldFailure('It cannot be decided now whether this is allowed', 500);
      default:
        return new ForbiddenException(denial?.message);
    }
  }
}

/** Methods of HTTP that MCP has (Streamable HTTP). Under another one, a server could read a message all the same. */
const METHODS: ReadonlySet<string> = new Set(['DELETE', 'GET', 'POST']);

/** What a message needs leave for that asks for nothing. */
const NOTHING: Demand = { found: undefined, use: undefined, watched: [] };
