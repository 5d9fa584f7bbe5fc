import {
  BadRequestException,
  ForbiddenException,
  Inject,
  Injectable,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { Caller } from '../authentication/caller.js';
import { ToolCatalogue } from '../catalogue/tool-catalogue.js';
import type { McpRequest } from '../endpoint/mcp-request.js';
import { Issuers } from '../issuers/issuers.js';
import { Challenges } from '../metadata/challenges.js';
import { AuditLog } from '../observability/audit-log.js';
import { countDenied } from '../observability/metrics.js';
import { ResolvedOptions } from '../options/resolved-options.js';
import { holds } from './access-rule.js';
import { AuthorizedOperation, type Refusal } from './authorized-operation.js';
import { ScopeHierarchy } from './scope-hierarchy.js';

/** Lets a request pass whose caller may do what its body asks for; else a scope challenge. */
@Injectable()
export class AuthorizationGuard implements CanActivate {
  readonly #hierarchy: ScopeHierarchy;

  constructor(
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
    @Inject(ToolCatalogue) private readonly catalogue: ToolCatalogue,
    @Inject(Issuers) private readonly issuers: Issuers,
    @Inject(Challenges) private readonly challenges: Challenges,
    @Inject(AuditLog) private readonly audit: AuditLog,
  ) {
    this.#hierarchy = new ScopeHierarchy(options.scopeHierarchy);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<McpRequest>();
    const { caller, operation, body } = request;
    const { anonymous: isOpen } = this.options;
    if (Array.isArray(body))
      throw new BadRequestException('JSON-RPC batches are not served. Send one message at a time');
    if (caller) this.#checkClient(caller, request);
    const tool = operation?.name === undefined ? undefined : this.catalogue.find(operation.name);
    const authorized = await AuthorizedOperation.authorize({ caller, operation, tool, body, isOpen }, this.#hierarchy);
    if (authorized instanceof AuthorizedOperation) {
      request.authorized = authorized;
      return true;
    }
    this.#recordDenial(request, authorized.error, authorized);
    if (this.options.list === 'permitted' && !holds(caller, authorized.rule, this.#hierarchy)) {
      // Whoever may not see a tool is answered as if there were none.
      const unknown = await AuthorizedOperation.authorize(
        { caller, operation, tool: undefined, body, isOpen },
        this.#hierarchy,
      );
      if (unknown instanceof AuthorizedOperation) request.authorized = unknown;
      return true;
    }
    if (!caller) throw this.challenges.unauthenticated({ tool });
    throw this.challenges.refused(caller, request.scheme, authorized);
  }

  /** The scopes that a caller's are worth, for whoever lists tools. */
  get hierarchy(): ScopeHierarchy {
    return this.#hierarchy;
  }

  /** Another token would not help, so that there is nothing to challenge for. */
  #checkClient(caller: Caller, request: McpRequest): void {
    const clients = this.issuers.issuerOf(caller.claims)?.options.clients;
    if (!clients || (caller.clientId !== undefined && clients.has(caller.clientId))) return;
    this.#recordDenial(request, 'client_not_allowed');
    throw new ForbiddenException('This client may not use this server');
  }

  #recordDenial(
    { trace, caller, operation }: McpRequest,
    reason: Refusal['error'] | 'client_not_allowed',
    refusal?: Refusal,
  ): void {
    countDenied(reason);
    trace.fail(reason);
    this.audit.record({
      type: 'operation_denied',
      reason,
      ...trace.auditContext(caller, operation),
      scopes: refusal?.scopes ?? [],
    });
  }
}
