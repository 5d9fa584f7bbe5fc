import 'reflect-metadata';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy, type Type } from '@nestjs/common';
import { DiscoveryService, ModulesContainer } from '@nestjs/core';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { ServerRegistry } from '../../mcp/registry/server-registry.js';
import { DownstreamClient } from '../../on-behalf-of/downstream/downstream-client.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import type { Fault } from '../../resource-server/catalogue/access-option-rules.js';
import { DecoratedMethods } from '../../resource-server/catalogue/decorated-methods.js';
import { listServerNames } from '../../servers/application-servers.js';
import type { McpOpenApiOptions } from '../declaration/open-api-options.js';
import { DocumentProblem } from '../documents/document-problem.js';
import { OperationSearch } from '../search/operation-search.js';
import { SearchTools } from '../search/search-tools.js';
import { declareSearched, isListed, readSearched } from '../search/searched-operation.js';
import type { OpenApiDocument } from '../documents/open-api-document.js';
import { findTooManyTools, type OfferedTools } from '../search/tool-count.js';
import { CuratedOperations, describeStray, listCuratedMethods, type CuratedMethod } from './curated-methods.js';
import { findDeclarationProblems } from './declaration-problems.js';
import { generateTools } from './document-tools.js';
import { describeDocument, type ExaminedDocument } from './examined-document.js';
import { LeftOutOperations } from './left-out-operations.js';
import { LiveDocuments } from './live-documents.js';
import { describeOpened, findOpened } from './opened-operations.js';
import { ResourceOffers } from './resource-offers.js';
import { findTwins } from './tool-twins.js';
import { listOpenApiClasses, type DeclaredDocument } from './open-api-classes.js';

/** What classes are given by one look at the documents. */
interface Generated {
  /** By name. */
  readonly methods: Map<Type, ReadonlyMap<string, () => unknown>>;
  readonly tools: Map<Type, OfferedTools[]>;
  readonly examined: Map<Type, ExaminedDocument[]>;
  readonly problems: string[];
}

/** A document that is to be used in place of the one that is in use. */
interface Changed {
  readonly options: McpOpenApiOptions;
  readonly document: OpenApiDocument;
}

/** Gives the classes with `@McpOpenApi` a method for each operation that they offer, and others when a document changes. */
@Injectable()
export class OpenApiOffers implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new CleanLogger('McpOpenApi');
  /** Classes that have their methods. */
  readonly #done = new Map<Type, ReadonlyMap<string, () => unknown>>();
  readonly #tools = new Map<Type, OfferedTools[]>();
  readonly #examined = new Map<Type, ExaminedDocument[]>();
  readonly #documents = new LiveDocuments();
  /** Documents are taken over one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #isServing = false;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly discovery: DiscoveryService,
    private readonly decorated: DecoratedMethods,
    private readonly client: DownstreamClient,
    private readonly modules: ModulesContainer,
    private readonly search: OperationSearch,
    private readonly searchTools: SearchTools,
    private readonly registry: ServerRegistry,
  ) {
    decorated.beforeFind(() => this.generate());
  }

  /** What the documents have become, for the doctor. */
  get documents(): readonly ExaminedDocument[] {
    return [...this.#examined.values()].flat();
  }

  /**
   * Reads the documents of classes that are new, before the decorated methods are found.
   *
   * @throws {@link McpAuthConfigurationError} with every document that cannot be read
   */
  async generate(): Promise<void> {
    const generated: Generated = { methods: new Map(), tools: new Map(), examined: new Map(), problems: [] };
    for (const { type, documents } of listOpenApiClasses(this.discovery)) {
      if (this.#done.has(type)) continue;
      const curated = listCuratedMethods(type);
      if (documents) await this.#generateClass(type, documents, curated, generated);
      else generated.problems.push(...curated.map(describeStray));
    }
    this.#refuseFaulty(generated);
    for (const [type, ofType] of generated.methods) {
      this.decorated.generate(type, ofType);
      this.search.replace(type, readSearched(ofType.values()));
      this.#keep(type, generated);
    }
    this.decorated.generate(this.searchTools, this.searchTools.methods);
    if (this.#isServing) this.onApplicationBootstrap();
  }

  /** Starts to look for changes of documents. */
  onApplicationBootstrap(): void {
    this.#isServing = true;
    this.#documents.start((type, options, document) => {
      const turn = this.#last.then(() => this.#takeOver(type, { options, document }));
      this.#last = turn.catch(() => undefined);
      return turn;
    });
  }

  onModuleDestroy(): void {
    this.#documents.stop();
  }

  /** @throws {@link McpAuthConfigurationError} if the new document cannot be used. Then nothing has changed */
  async #takeOver(type: Type, changed: Changed): Promise<void> {
    const generated: Generated = { methods: new Map(), tools: new Map(), examined: new Map(), problems: [] };
    const documents = [...listOpenApiClasses(this.discovery)].find((one) => one.type === type)?.documents ?? [];
    await this.#generateClass(type, documents, listCuratedMethods(type), generated, changed);
    this.#refuseFaulty(generated);
    const methods = generated.methods.get(type) ?? new Map<string, () => unknown>();
    const { before, after } = await this.registry.replaceGenerated(type, methods);
    this.#keep(type, generated);
    await this.#searchAnew(type, methods);
    for (const { scopes, names } of findOpened(before, after)) this.#logger.warn(describeOpened(scopes, names));
  }

  async #searchAnew(type: Type, methods: ReadonlyMap<string, () => unknown>): Promise<void> {
    this.search.replace(type, readSearched(methods.values()));
    const { methods: ofSearch } = this.searchTools;
    this.decorated.generate(this.searchTools, ofSearch);
    // There may be something to search for the first time.
    if (ofSearch.size > 0) await this.registry.discoverLater();
  }

  /** @throws {@link McpAuthConfigurationError} with all problems */
  #refuseFaulty({ methods, tools, problems }: Generated): void {
    const all = new Map([...this.#tools, ...tools]);
    problems.push(
      ...findTooManyTools([...all.values()].flat()),
      ...findTwins([...new Map([...this.#done, ...methods])]),
    );
    if (problems.length > 0) throw new McpAuthConfigurationError(problems);
  }

  #keep(type: Type, { methods, tools, examined }: Generated): void {
    this.#done.set(type, methods.get(type) ?? new Map());
    this.#examined.set(type, examined.get(type) ?? []);
    this.#tools.set(type, tools.get(type) ?? []);
  }

  async #generateClass(
    type: Type,
    documents: readonly DeclaredDocument[],
    curated: readonly CuratedMethod[],
    generated: Generated,
    changed?: Changed,
  ): Promise<void> {
    const { problems } = generated;
    const before = problems.length;
    for (const document of documents)
      problems.push(...findDeclarationProblems(document, this.options, listServerNames(this.modules)));
    if (problems.length > before) return;
    const offered = documents.filter(({ options }) => this.#isOffered(options));
    const methods = new Map<string, () => unknown>();
    generated.methods.set(type, methods);
    if (offered.length === 0) {
      // Another server offers the methods, or there is no document. They are no methods of this server.
      for (const { name } of curated) methods.set(name, () => undefined);
      return;
    }
    const taken = new CuratedOperations(curated);
    for (const declared of offered) {
      const { options, place } = declared;
      try {
        const document = options === changed?.options ? changed.document : await this.#documents.open(type, declared);
        this.#generateMethods(type, declared, document, taken, methods, generated);
      } catch (error) {
        if (!(error instanceof DocumentProblem)) throw error;
        problems.push(`\`document\` of ${place}: ${error.message}.`);
      }
    }
    if (problems.length === before) problems.push(...taken.listProblems());
  }

  /** @param methods - receives those of the document, by name */
  #generateMethods(
    type: Type,
    { options, place, suffix }: DeclaredDocument,
    document: OpenApiDocument,
    curated: CuratedOperations,
    methods: Map<string, () => unknown>,
    generated: Generated,
  ): void {
    const fault: Fault = (option, message) => {
      generated.problems.push(`\`${option}\` of ${place} ${message}.`);
    };
    const made = generateTools(document, options, {
      type,
      downstream: this.options.downstreams.get(options.downstream),
      client: this.client,
      curated,
      fault,
    });
    const { offers, notes } = made;
    const listed = offers.chosen.filter((one) => isListed(one, options));
    const tools = { name: type.name, maxTools: options.maxTools, operations: listed };
    generated.tools.set(type, [...(generated.tools.get(type) ?? []), tools]);
    for (const note of [...notes, ...offers.listWarnings()]) this.#logger.warn(`${place}: ${note}`);
    const resources = new ResourceOffers(options, this.client, (message) => {
      if (options.strict === true) fault('resources', message);
      else this.#logger.warn(`\`resources\` of ${place} ${message}`);
    });
    for (const { offered, own, method } of made.tools) {
      const { operation } = offered;
      const name = own?.name ?? `${operation.method} ${operation.path}${suffix}`;
      for (const [uri, read] of resources.generate(offered, method, own)) methods.set(`${name} as ${uri}`, read);
      declareSearched(method, operation, options);
      methods.set(name, method);
    }
    resources.findUnused(fault);
    generated.examined.set(type, [...(generated.examined.get(type) ?? []), describeDocument(made, { type, place })]);
    const leftOut = new LeftOutOperations(made.faulty);
    if (options.strict === true) generated.problems.push(...leftOut.listProblems(place));
    else for (const line of leftOut.listLines(place)) this.#logger.warn(line);
  }

  /** Whether this server offers the operations. */
  #isOffered({ server = [] }: McpOpenApiOptions): boolean {
    return server.length === 0 || [server].flat().includes(this.options.server.name);
  }
}
