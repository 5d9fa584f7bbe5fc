import type { Type } from '@nestjs/common';
import { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { z } from 'zod';
import type { Policy } from '../../resource-server/access/policy.js';
import type { Found } from '../../resource-server/catalogue/found.js';
import { findPrimitiveProblems } from '../../resource-server/catalogue/catalogue-problems.js';
import { selectInitialScopes } from '../../resource-server/catalogue/initial-scopes.js';
import { defineOffer, createFault } from '../../resource-server/catalogue/offer.js';
import type { Operation } from '../../resource-server/access/operation.js';
import type { MethodHost, Offer } from '../../resource-server/catalogue/primitive.js';
import type { ProtectedSurface } from '../../resource-server/catalogue/protected-surface.js';
import type { AccessOptions } from '../../resource-server/decorators/access-options.js';
import type { ResolvedOptions } from '../../options/resolved-options.js';
import { ResourceRules } from './resource-rules.js';

/** What one tool, resource or prompt of another server requires of callers, and which downstreams it may use. */
export interface ForeignRule extends Omit<AccessOptions<Readonly<Record<string, unknown>>>, 'server' | 'timeoutMs'> {
  /** Policies of the operation. */
  policies?: readonly Type<Policy>[];
}

/**
 * Rules by name, URI or template. `*` applies to everything without a rule. Without `*`, such operations are refused.
 */
export type ForeignRules = Readonly<Record<string, ForeignRule>>;

/** The server to protect, and its rules. */
export interface ProtectedMcpOptions {
  /** `server.name` of the `McpAuthModule` whose `resource` this endpoint is, if there are several. */
  server?: string;
  /** Rules for tools, by name. */
  tools?: ForeignRules;
  /** Rules for resources, by URI or by template (RFC 6570). The first match applies. */
  resources?: ForeignRules;
  /** Rules for prompts, by name. */
  prompts?: ForeignRules;
}

type Kind = 'tools' | 'resources' | 'prompts';

const KINDS: Readonly<Record<string, Kind>> = {
  'tools/call': 'tools',
  'resources/read': 'resources',
  'resources/subscribe': 'resources',
  'resources/unsubscribe': 'resources',
  'prompts/get': 'prompts',
};

const completion = z.object({ params: z.object({ ref: z.object({ type: z.literal('ref/resource') }) }) });

/** The other server checks arguments by its own schema. */
const ANY_ARGUMENTS = z.record(z.string(), z.unknown());

const OFFERED = { tools: 'tool', resources: 'resource', prompts: 'prompt' } as const;

/** Turns rules for another server into the form of this package's own primitives. */
export class PreparedRules implements ProtectedSurface {
  /** Another server has no anonymous operations. */
  readonly hasAnonymous = false;
  readonly #rules = new Map<string, Offer>();
  readonly #resources = new ResourceRules();

  /** @param problems - collects what is wrong with the rules */
  constructor(
    rules: ProtectedMcpOptions,
    private readonly type: Type,
    private readonly options: ResolvedOptions,
    problems: string[],
  ) {
    for (const kind of ['tools', 'resources', 'prompts'] as const) {
      for (const [name, rule] of Object.entries(rules[kind] ?? {})) {
        const prepared = this.#prepare(kind, name, rule, problems);
        this.#rules.set(`${kind} ${name}`, prepared);
        if (kind === 'resources') this.#addResource(name, prepared, problems);
      }
    }
  }

  get all(): readonly Offer[] {
    return [...this.#rules.values()];
  }

  get initialScopes(): readonly string[] {
    return selectInitialScopes(this.options, this.all);
  }

  /** Whether an operation needs a rule. */
  canHaveRule(operation: Operation | undefined, body: unknown): boolean {
    return operation !== undefined && findKind(operation, body) !== undefined;
  }

  find(operation: Operation, body: unknown): Found<Offer> | undefined {
    const kind = findKind(operation, body);
    if (!kind) return undefined;
    const { method, name = '' } = operation;
    const primitive =
      kind === 'resources' && method !== 'completion/complete'
        ? this.#resources.find(name)
        : (this.#rules.get(`${kind} ${name}`) ?? this.#rules.get(`${kind} *`));
    return primitive && { primitive, variables: {} };
  }

  #addResource(key: string, rule: Offer, problems: string[]): void {
    try {
      this.#resources.add(key, rule);
    } catch {
      problems.push(
        `\`resources\` of @ProtectedMcp on ${this.type.name} has "${key}", which is not a template of RFC 6570. Write "orders://{id}".`,
      );
    }
  }

  #prepare(kind: Kind, name: string, rule: ForeignRule, problems: string[]): Offer {
    const wrapper = new InstanceWrapper({ token: this.type, name: this.type.name, metatype: this.type });
    const host: MethodHost = { wrapper, type: this.type, method: `${kind} ${name}`, decorator: '@ProtectedMcp' };
    const { appOnly, timeoutMs } = this.options;
    const policies = [...this.options.policies, ...(rule.policies ?? [])];
    const surroundings = { anonymous: false, policies, appOnly, timeoutMs };
    const offer = defineOffer(name, rule, host, surroundings, createFault(host, problems));
    const prepared: Offer = { ...offer, kind: OFFERED[kind], input: ANY_ARGUMENTS, readOnly: kind !== 'tools' };
    problems.push(...findPrimitiveProblems(prepared, this.options));
    return prepared;
  }
}

/** A completion refers to a prompt or to a resource template. */
function findKind({ method }: Operation, body: unknown): Kind | undefined {
  if (method === 'completion/complete') return completion.safeParse(body).success ? 'resources' : 'prompts';
  return Object.hasOwn(KINDS, method) ? KINDS[method] : undefined;
}
