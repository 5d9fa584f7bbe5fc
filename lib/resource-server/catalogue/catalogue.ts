import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { CleanLogger } from '../../log/clean-logger.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { readOperation, readThrough, type Operation } from '../access/operation.js';
import { ScopeHierarchy } from '../access/scope-hierarchy.js';
import { describeTwins, findOptionProblems, findPrimitiveProblems, findServerProblems } from './catalogue-problems.js';
import { attachCompanions } from './companions.js';
import { DecoratedMethods } from './decorated-methods.js';
import type { Found } from './found.js';
import { selectNew } from './new-primitives.js';
import { isFound } from './search-role.js';
import { selectInitialScopes } from './initial-scopes.js';
import { ListChanges, type Listed } from './list-changes.js';
import { findOverlaps, OfferedResources } from './offered-resources.js';
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
  readonly #primitives = new Map<string, Primitive>();
  readonly #logger = new CleanLogger('McpResources');
  readonly #foreign: Offer[] = [];
  readonly #uris = new OfferedResources();
  readonly #changes = new ListChanges();
  #tools: readonly ToolDefinition[] = [];
  #resources: readonly ResourceDefinition[] = [];
  #templates: readonly ResourceTemplateDefinition[] = [];
  #prompts: readonly PromptDefinition[] = [];
  #initialScopes: readonly string[] = [];
  #hasAnonymous = false;
  #revision = 0;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly decorated: DecoratedMethods,
    private readonly modules: ModulesContainer,
    private readonly hierarchy: ScopeHierarchy,
  ) {}

  /** Sorted by name, like the other lists. */
  get tools(): readonly ToolDefinition[] {
    return this.#tools;
  }

  /** The tools that `tools/list` shows. */
  get listedTools(): readonly ToolDefinition[] {
    return this.#tools.filter(({ search }) => search !== 'found');
  }

  get resources(): readonly ResourceDefinition[] {
    return this.#resources;
  }

  get templates(): readonly ResourceTemplateDefinition[] {
    return this.#templates;
  }

  get prompts(): readonly PromptDefinition[] {
    return this.#prompts;
  }

  get primitives(): readonly Primitive[] {
    return [...this.#primitives.values()];
  }

  /** Everything with access rules: the primitives, and the offers of other servers. */
  get offers(): readonly Offer[] {
    return [...this.primitives, ...this.#foreign];
  }

  /** The scopes that a client should start with. */
  get initialScopes(): readonly string[] {
    return this.#initialScopes;
  }

  /** Whether anything can be called without a token. */
  get hasAnonymous(): boolean {
    return this.#hasAnonymous;
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
    return this.#find(operation, (uri) => this.#uris.find(uri));
  }

  findSpelled(operation: Operation): Primitive | undefined {
    return this.#find(operation, (uri) => this.#uris.findSpelled(uri))?.primitive;
  }

  findTool(name: string): ToolDefinition | undefined {
    return this.#primitives.get(`tool ${name}`) as ToolDefinition | undefined;
  }

  /** The resources and templates, by URI. */
  get uris(): OfferedResources {
    return this.#uris;
  }

  /**
   * Finds the decorated methods of all providers and controllers.
   *
   * @returns the new ones
   * @throws {@link McpAuthConfigurationError} with every faulty declaration
   */
  async discover(): Promise<readonly Primitive[]> {
    await this.decorated.prepare();
    if (this.decorated.hasValidatedClasses()) await loadClassValidation();
    const problems: string[] = [];
    const { primitives, companions } = this.decorated.find(problems);
    const found = selectNew(primitives, this.primitives).filter((one) => this.#isOffered(one, problems));
    const all = new Map(this.#primitives);
    for (const one of found) this.#add(all, one, problems);
    attachCompanions(companions, [...all.values()], primitives, problems);
    const overlaps = findOverlaps(found, [...all.values()]);
    problems.push(...overlaps.problems);
    // The offers of another server are not known yet.
    if (this.options.endpoint.isMounted)
      problems.push(...findOptionProblems([...all.values()], this.options, this.hierarchy));
    // A fault of a class is reported by each of its methods.
    if (problems.length > 0) throw new McpAuthConfigurationError([...new Set(problems)]);
    for (const notice of overlaps.notices) this.#logger.warn(notice);
    for (const one of found) this.#keep(one);
    this.#sort();
    return found;
  }

  /**
   * Adds a primitive at run time.
   *
   * @throws {@link McpAuthConfigurationError} if the primitive is faulty, or its name is taken
   */
  add(primitive: Primitive, problems: string[]): void {
    this.#add(new Map(this.#primitives), primitive, problems);
    problems.push(...findOverlaps([primitive], this.primitives).problems);
    if (problems.length > 0) throw new McpAuthConfigurationError(problems);
    this.#keep(primitive);
    this.#sort();
    this.tellChanged([primitive]);
  }

  /** @returns whether the primitive was in the catalogue */
  remove(primitive: Primitive): boolean {
    if (this.#primitives.get(toKey(primitive)) !== primitive) return false;
    this.#primitives.delete(toKey(primitive));
    if ('pattern' in primitive) this.#uris.remove(primitive);
    this.#sort();
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
    this.#sort();
  }

  /** Notifies listeners that lists have changed. */
  tellChanged(primitives: readonly Primitive[]): void {
    this.#changes.tell(primitives);
  }

  #find({ method, name, through }: Operation, findUri: (uri: string) => Found | undefined): Found | undefined {
    if (name === undefined) return undefined;
    switch (method) {
      case 'tools/call':
        return through === undefined || isFound(this.findTool(name)) ? this.#findByName('tool', name) : undefined;
      case 'prompts/get':
        return this.#findByName('prompt', name);
      case 'resources/read':
      case 'resources/subscribe':
      case 'resources/unsubscribe':
        return findUri(name);
      case 'completion/complete':
        return (
          this.#findByName('prompt', name) ??
          this.#findByName('resourceTemplate', name) ??
          this.#findByName('resource', name)
        );
      default:
        return undefined;
    }
  }

  #findByName(kind: Primitive['kind'], name: string): Found | undefined {
    const primitive = this.#primitives.get(`${kind} ${name}`);
    return primitive && { primitive, variables: {} };
  }

  #keep(one: Primitive): void {
    this.#primitives.set(toKey(one), one);
    if ('pattern' in one) this.#uris.add(one);
  }

  #add(all: Map<string, Primitive>, one: Primitive, problems: string[]): void {
    const twin = all.get(toKey(one));
    if (twin) problems.push(describeTwins(twin, one));
    all.set(toKey(one), one);
    problems.push(...findPrimitiveProblems(one, this.options));
  }

  #isOffered(one: Primitive, problems: string[]): boolean {
    if (one.servers.length === 0) return true;
    problems.push(...findServerProblems(one, listServerNames(this.modules)));
    return one.servers.includes(this.options.server.name);
  }

  #sort(): void {
    this.#revision += 1;
    const sorted = [...this.#primitives.values()].sort(({ name: a }, { name: b }) => (a < b ? -1 : 1));
    this.#tools = sorted.filter((one) => one.kind === 'tool');
    this.#resources = sorted.filter((one) => one.kind === 'resource');
    this.#templates = sorted.filter((one) => one.kind === 'resourceTemplate');
    this.#prompts = sorted.filter((one) => one.kind === 'prompt');
    this.#initialScopes = selectInitialScopes(this.options, [...sorted, ...this.#foreign]);
    this.#hasAnonymous = sorted.some(({ access }) => access.anonymous);
  }
}

function toKey({ kind, name }: Primitive): string {
  return `${kind} ${name}`;
}
