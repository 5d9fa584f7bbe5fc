import { Injectable, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { CleanLogger } from '../../log/clean-logger.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { readOperation, readThrough, type Operation } from '../access/operation.js';
import { ScopeHierarchy } from '../access/scope-hierarchy.js';
import { describeTwins, findOptionProblems, findPrimitiveProblems, findServerProblems } from './catalogue-problems.js';
import { attachCompanions } from './companions.js';
import { DecoratedMethods, type GeneratedMethods } from './decorated-methods.js';
import type { Found } from './found.js';
import { selectNew } from './new-primitives.js';
import { selectInitialScopes } from './initial-scopes.js';
import { ListChanges, type Listed } from './list-changes.js';
import type { OfferedResources } from './offered-resources.js';
import { findOverlaps } from './overlaps.js';
import { PrimitiveCollection } from './primitive-collection.js';
import { isGeneratedFor, listDifferences, toKey } from './primitive-differences.js';
import { listServerNames } from '../../servers/application-servers.js';
import type {
  Offer,
  Primitive,
  PromptDefinition,
  ResourceDefinition,
  ResourceTemplateDefinition,
  ToolDefinition,
} from './primitive.js';
import type { ProtectedSurface } from './protected-surface.js';
import { loadClassValidation } from './validated-class.js';

/** All primitives of one server and their access rules. Filled at boot and updated at run time. */
@Injectable()
export class Catalogue implements ProtectedSurface {
  readonly #collection = new PrimitiveCollection();
  readonly #logger = new CleanLogger('McpResources');
  readonly #foreign: Offer[] = [];
  readonly #changes = new ListChanges();
  #initialScopes: readonly string[] | undefined;
  #revision = 0;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly decorated: DecoratedMethods,
    private readonly modules: ModulesContainer,
    private readonly hierarchy: ScopeHierarchy,
  ) {}

  /** Sorted by name, like the other lists. */
  get tools(): readonly ToolDefinition[] {
    return this.#collection.lists.tools;
  }

  /** The tools that `tools/list` shows. */
  get listedTools(): readonly ToolDefinition[] {
    return this.#collection.lists.listedTools;
  }

  get resources(): readonly ResourceDefinition[] {
    return this.#collection.lists.resources;
  }

  get templates(): readonly ResourceTemplateDefinition[] {
    return this.#collection.lists.templates;
  }

  get prompts(): readonly PromptDefinition[] {
    return this.#collection.lists.prompts;
  }

  get primitives(): readonly Primitive[] {
    return [...this.#collection.all.values()];
  }

  /** Everything with access rules: the primitives, and the offers of other servers. */
  get offers(): readonly Offer[] {
    return [...this.primitives, ...this.#foreign];
  }

  /** The scopes that a client should start with. */
  get initialScopes(): readonly string[] {
    this.#initialScopes ??= selectInitialScopes(this.options, [...this.#collection.lists.all, ...this.#foreign]);
    return this.#initialScopes;
  }

  /** Whether anything can be called without a token. */
  get hasAnonymous(): boolean {
    return this.#collection.hasAnonymous;
  }

  /** Whether the scopes of anything are computed for each request. */
  get hasComputedScopes(): boolean {
    return this.#collection.hasComputedScopes;
  }

  /** Whether methods of the application list resources of templates. */
  get hasListMethods(): boolean {
    return this.#collection.lists.hasListMethods;
  }

  /** Increases with every change of the catalogue. */
  get revision(): number {
    return this.#revision;
  }

  /** A call of a stand-in is read as the call that it stands for. */
  read(body: unknown): Operation | undefined {
    const operation = readOperation(body);
    const isStandIn = operation?.method === 'tools/call' && this.findTool(operation.name ?? '')?.search === 'stand-in';
    return isStandIn ? (readThrough(operation, body) ?? operation) : operation;
  }

  /** Finds the target of an operation, if it exists. */
  find(operation: Operation): Found | undefined {
    return this.#collection.find(operation, (uri) => this.uris.find(uri));
  }

  findSpelled(operation: Operation): Primitive | undefined {
    return this.#collection.find(operation, (uri) => this.uris.findSpelled(uri))?.primitive;
  }

  findTool(name: string): ToolDefinition | undefined {
    return this.#collection.findTool(name);
  }

  /** The resources and templates, by URI. */
  get uris(): OfferedResources {
    return this.#collection.uris;
  }

  /**
   * Finds the decorated methods of all providers and controllers.
   *
   * @returns the new ones
   * @throws {@link McpAuthConfigurationError} with every faulty declaration
   */
  async discover(): Promise<readonly Primitive[]> {
    await this.decorated.prepare();
    const classes = this.decorated.list();
    if (this.decorated.hasValidatedClasses(classes)) await loadClassValidation();
    const problems: string[] = [];
    const { primitives, companions } = this.decorated.find(problems, classes);
    const found = selectNew(primitives, this.primitives).filter((one) => this.#isOffered(one, problems));
    const all = [...this.primitives, ...found];
    attachCompanions(companions, all, primitives, problems);
    // The offers of another server are not known yet.
    if (this.options.endpoint.isMounted) problems.push(...findOptionProblems(all, this.options, this.hierarchy));
    this.#replace([], found, problems);
    return found;
  }

  /**
   * Adds a primitive at run time.
   *
   * @throws {@link McpAuthConfigurationError} if the primitive is faulty, or its name is taken
   */
  add(primitive: Primitive, problems: string[]): void {
    this.#replace([], [primitive], problems);
    this.tellChanged([primitive]);
  }

  /**
   * Defines the primitives of other generated methods of a class. They are not in the catalogue yet.
   *
   * @throws {@link McpAuthConfigurationError} with every faulty declaration
   */
  defineGenerated(type: Type, methods: GeneratedMethods): readonly Primitive[] {
    const problems: string[] = [];
    const { primitives, companions } = this.decorated.find(problems, this.decorated.list(new Map([[type, methods]])));
    const isOf = isGeneratedFor(type);
    const defined = primitives.filter((one) => isOf(one) && this.#isOffered(one, problems));
    const others = this.primitives.filter((one) => !isOf(one));
    attachCompanions(companions, [...others, ...defined], primitives, problems);
    if (problems.length > 0) throw new McpAuthConfigurationError([...new Set(problems)]);
    return defined;
  }

  /**
   * Replaces the generated methods of a class, all of them at once.
   *
   * @param primitives - from {@link defineGenerated}
   * @returns what was there before
   * @throws {@link McpAuthConfigurationError} if a name is taken. Then nothing has changed
   */
  replaceGenerated(type: Type, methods: GeneratedMethods, primitives: readonly Primitive[]): readonly Primitive[] {
    const before = this.primitives.filter(isGeneratedFor(type));
    this.#replace(before, primitives, []);
    this.decorated.generate(type, methods);
    this.tellChanged(listDifferences(before, primitives));
    return before;
  }

  /** @returns whether the primitive was in the catalogue */
  remove(primitive: Primitive): boolean {
    if (this.#collection.all.get(toKey(primitive)) !== primitive) return false;
    this.#put([primitive], []);
    this.tellChanged([primitive]);
    return true;
  }

  /** @param listener - called when a list has changed */
  onChange(listener: (listed: Listed) => void): void {
    this.#changes.listen(listener);
  }

  /** Adds the offers of other servers. Their scopes count for `initialScopes`. */
  include(offers: readonly Offer[]): void {
    this.#foreign.push(...offers);
    this.#put([], []);
  }

  /** Notifies listeners that lists have changed. */
  tellChanged(primitives: readonly Primitive[]): void {
    this.#changes.tell(primitives);
  }

  /**
   * Puts primitives in place of others.
   *
   * @throws {@link McpAuthConfigurationError} with all problems, if there are any. Then nothing has changed
   */
  #replace(old: readonly Primitive[], added: readonly Primitive[], problems: string[]): void {
    const gone = new Set(old);
    const names = new Map<string, Primitive>();
    for (const one of added) {
      const twin = names.get(toKey(one)) ?? this.#collection.all.get(toKey(one));
      if (twin && !gone.has(twin)) problems.push(describeTwins(twin, one));
      names.set(toKey(one), one);
      problems.push(...findPrimitiveProblems(one, this.options));
    }
    const isGone = (one: Primitive) => gone.has(one) || names.has(toKey(one));
    const overlaps = findOverlaps(added, this.uris.near, isGone);
    problems.push(...overlaps.problems);
    // A fault of a class is reported by each of its methods.
    if (problems.length > 0) throw new McpAuthConfigurationError([...new Set(problems)]);
    for (const notice of overlaps.notices) this.#logger.warn(notice);
    this.#put(old, added);
  }

  #isOffered(one: Primitive, problems: string[]): boolean {
    if (one.servers.length === 0) return true;
    problems.push(...findServerProblems(one, listServerNames(this.modules)));
    return one.servers.includes(this.options.server.name);
  }

  #put(old: readonly Primitive[], added: readonly Primitive[]): void {
    this.#revision += 1;
    this.#collection.replace(old, added);
    this.#initialScopes = undefined;
  }
}
