import type { Type } from '@nestjs/common';
import { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { z } from 'zod';
import type { ScopeRule } from '../../resource-server/access/scope-rule.js';
import type { Policy } from '../../resource-server/access/policy.js';
import type { Found } from '../../resource-server/catalogue/found.js';
import { findPrimitiveProblems } from '../../resource-server/catalogue/catalogue-problems.js';
import { selectInitialScopes } from '../../resource-server/catalogue/initial-scopes.js';
import { defineOffer, createFault } from '../../resource-server/catalogue/offer.js';
import { readOperation, type Operation } from '../../resource-server/access/operation.js';
import type { MethodHost, Offer } from '../../resource-server/catalogue/primitive.js';
import type { ProtectedSurface } from '../../resource-server/catalogue/protected-surface.js';
import type { AccessOptions } from '../../resource-server/decorators/access-options.js';
import type { ResolvedOptions } from '../../options/resolved-options.js';
import { isJsonObject } from '../../json/json-object.js';
import { findUse, namesRuled, readSubject } from './foreign-methods.js';
import { NamedRules } from './named-rules.js';
import { ResourceRules } from './resource-rules.js';
import type { Ruling } from './ruling.js';
import { findTellingRules } from './telling-rules.js';

/** What one tool, resource or prompt of another server requires of callers, and which downstreams it may use. */
export interface ForeignRule extends Omit<AccessOptions<Readonly<Record<string, unknown>>>, 'server' | 'timeoutMs'> {
  /** Policies of the operation. */
  policies?: readonly Type<Policy>[];
}

/**
 * Rules by name, URI or template. `*` applies to everything without a rule. Without `*`, such operations are refused.
 */
export type ForeignRules = Readonly<Record<string, ForeignRule>>;

/** What a method of an extension requires of callers. Such methods have no arguments to compute scopes from. */
export interface ForeignMethodRule extends Omit<ForeignRule, 'scopes'> {
  /** Scopes that callers need. */
  scopes?: ScopeRule;
}

/** The server to protect, and its rules. */
export interface ProtectedMcpOptions {
  /** `server.name` of the `McpAuthModule` whose `resource` this endpoint is, if there are several. */
  server?: string;
  /** Rules for tools, by name. */
  tools?: ForeignRules;
  /**
   * Rules for resources, by URI or by template (RFC 6570). Of several that match, the most specific one applies. A URI
   * that some server may read as one with another rule is refused.
   */
  resources?: ForeignRules;
  /** Rules for prompts, by name. */
  prompts?: ForeignRules;
  /**
   * Rules for methods that name no tool, resource or prompt, such as those of tasks (`tasks/get`) and of extensions.
   * Those of the protocol itself (`initialize`, `tools/list` and the like) need none. All others are refused without
   * one. A rule lets a caller use the method for everything that the server has: the server has to tell the tasks of
   * its callers apart.
   */
  methods?: Readonly<Record<string, ForeignMethodRule>>;
  /**
   * Gives up that what comes later is authorized again: a client may resume a stream of its session (`Last-Event-ID`),
   * and the server sends again what it sent before, such as results of tools, whatever the token is good for by now.
   * Defaults to `false`: the header is taken off the request.
   */
  allowStreamReplay?: boolean;
}

/** The other server checks arguments by its own schema. */
const ANY_ARGUMENTS = z.record(z.string(), z.unknown());

const OFFERED = { tools: 'tool', resources: 'resource', prompts: 'prompt', methods: 'tool' } as const;

type Kind = keyof typeof OFFERED;

const KINDS = Object.keys(OFFERED) as Kind[];

/** Members of results that are lists, and what names each of their entries. */
const LIST_NAMES = { tools: 'name', prompts: 'name', resources: 'uri', resourceTemplates: 'uriTemplate' } as const;

type List = keyof typeof LIST_NAMES;

/** Members of results that are lists. */
export const LISTS = Object.keys(LIST_NAMES) as List[];

/** A resource that a stream follows, and the read that its listener needs leave for. */
export interface Watched {
  readonly operation: Operation;
  readonly found: Found<Offer>;
}

/** What a message needs leave for. */
export interface Demand {
  /** What it names, if that has a rule. */
  readonly found: Found<Offer> | undefined;
  /** What rules and policies judge, if it is not the operation of the message. */
  readonly use: Operation | undefined;
  readonly watched: readonly Watched[];
}

/** A message that no rule is for. */
export interface Refusal {
  /** For the log of the operator. */
  readonly reason: string;
}

/** Turns rules for another server into the form of this package's own primitives. */
export class PreparedRules implements ProtectedSurface {
  readonly read = readOperation;
  /** Another server has no anonymous operations. */
  readonly hasAnonymous = false;
  /** Whether clients may resume streams. */
  readonly allowsReplay: boolean;
  readonly all: readonly Offer[];
  readonly #tools = new NamedRules();
  readonly #prompts = new NamedRules();
  readonly #resources = new ResourceRules();
  readonly #methods = new Map<string, Offer>();

  /** @param problems - collects what is wrong with the rules */
  constructor(
    rules: ProtectedMcpOptions,
    private readonly type: Type,
    private readonly options: ResolvedOptions,
    problems: string[],
  ) {
    this.allowsReplay = rules.allowStreamReplay ?? false;
    this.all = KINDS.flatMap((kind) =>
      Object.entries<ForeignRule>(rules[kind] ?? {}).map(([name, rule]) => {
        const prepared = this.#prepare(kind, name, rule, problems);
        for (const problem of this.#add(kind, name, prepared))
          problems.push(`\`${kind}\` of @ProtectedMcp on ${type.name} has "${name}", which ${problem}.`);
        return prepared;
      }),
    );
    const named = { tools: this.#tools, prompts: this.#prompts, resources: this.#resources };
    problems.push(...findTellingRules(named, type, options));
  }

  get initialScopes(): readonly string[] {
    return selectInitialScopes(this.options, this.all);
  }

  findSpelled(operation: Operation, body: unknown): Offer | undefined {
    const subject = readSubject(operation, body);
    switch (subject.of) {
      case 'tools':
        return this.#tools.findSpelled(subject.name);
      case 'prompts':
        return this.#prompts.findSpelled(subject.name);
      case 'resources':
        return this.#resources.findSpelled(subject.name);
      default:
        return this.#methods.get(operation.method);
    }
  }

  /** Finds the rules of a message. What has no rule, or cannot be told from something with another one, is refused. */
  demand(operation: Operation, body: unknown): Demand | Refusal {
    const subject = readSubject(operation, body);
    switch (subject.of) {
      case 'nothing':
        return subject;
      case 'tools':
        return toDemand(this.#tools.find(subject.name));
      case 'prompts':
        return toDemand(this.#prompts.find(subject.name), findUse(operation, 'prompts'));
      case 'resources':
        return toDemand(this.#resources.find(subject.name), findUse(operation, 'resources'));
      case 'template':
        return toDemand(this.#resources.findTemplate(subject.name), findUse(operation, 'resources'));
      case 'stream':
        return this.#demandStream(subject.uris);
      default: {
        const rule = this.#methods.get(operation.method);
        if (rule) return toDemand({ rule });
        if (subject.of === 'protocol') return { found: undefined, use: undefined, watched: [] };
        return { reason: '@ProtectedMcp has no rule for the method. Add one to `methods`' };
      }
    }
  }

  /** Finds the rule of an entry of a list. */
  findListed(list: List, entry: unknown): { readonly name: string; readonly offer: Offer | undefined } {
    const name = isJsonObject(entry) ? entry[LIST_NAMES[list]] : undefined;
    if (typeof name !== 'string') return { name: '', offer: undefined };
    switch (list) {
      case 'tools':
        return { name, offer: this.#tools.find(name).rule };
      case 'prompts':
        return { name, offer: this.#prompts.find(name).rule };
      case 'resources':
        return { name, offer: this.#resources.find(name).rule };
      case 'resourceTemplates':
        return { name, offer: this.#resources.findTemplate(name).rule };
    }
  }

  #demandStream(uris: readonly string[]): Demand | Refusal {
    const watched: Watched[] = [];
    for (const uri of uris) {
      const ruling = this.#resources.find(uri);
      if (!ruling.rule) return ruling;
      watched.push({
        operation: { method: 'resources/read', name: uri },
        found: { primitive: ruling.rule, variables: {} },
      });
    }
    return { found: undefined, use: undefined, watched };
  }

  /** @returns what is wrong with the name, as ends of sentences that begin with it */
  #add(kind: Kind, name: string, rule: Offer): readonly string[] {
    switch (kind) {
      case 'resources':
        return this.#resources.add(name, rule);
      case 'methods':
        this.#methods.set(name, rule);
        if (name === '*') return ['would let everything pass that is not known yet. Name each method'];
        return namesRuled(name)
          ? ['has the rule of what it names. Write one in `tools`, `resources` or `prompts`']
          : [];
      default: {
        const twin = (kind === 'tools' ? this.#tools : this.#prompts).add(name, rule);
        return twin
          ? [`has another rule than "${twin.name}", and some servers cannot tell them apart. Give them one`]
          : [];
      }
    }
  }

  #prepare(kind: Kind, name: string, rule: ForeignRule, problems: string[]): Offer {
    const wrapper = new InstanceWrapper({ token: this.type, name: this.type.name, metatype: this.type });
    const host: MethodHost = { wrapper, type: this.type, method: `${kind} ${name}`, decorator: '@ProtectedMcp' };
    const { appOnly, timeoutMs } = this.options;
    const policies = [...this.options.policies, ...(rule.policies ?? [])];
    const surroundings = { anonymous: false, policies, appOnly, timeoutMs };
    const fault = createFault(host, problems);
    if (kind === 'methods' && typeof rule.scopes === 'function')
      fault('scopes', 'is a function, but the method has no arguments. Write the scopes');
    const offer = defineOffer(name, rule, host, surroundings, fault);
    const readOnly = kind === 'resources' || kind === 'prompts';
    const prepared: Offer = { ...offer, kind: OFFERED[kind], input: ANY_ARGUMENTS, readOnly };
    problems.push(...findPrimitiveProblems(prepared, this.options));
    return prepared;
  }
}

function toDemand(ruling: Ruling, use?: Operation): Demand | Refusal {
  return ruling.rule ? { found: { primitive: ruling.rule, variables: {} }, use, watched: [] } : ruling;
}
