import { Injectable, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { DownstreamClient } from '../../on-behalf-of/downstream/downstream-client.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import type { Fault } from '../../resource-server/catalogue/access-option-rules.js';
import { DecoratedMethods } from '../../resource-server/catalogue/decorated-methods.js';
import { MCP_OPEN_API } from '../declaration/mcp-open-api.decorator.js';
import { MCP_OPERATION, type CuratedOperation } from '../declaration/mcp-operation.decorator.js';
import { findOpenApiProblems } from '../declaration/open-api-schema.js';
import type { McpOpenApiOptions } from '../declaration/open-api-options.js';
import { DocumentProblem } from '../documents/document-problem.js';
import { loadDocument } from '../documents/load-document.js';
import { chooseOperations } from '../operations/choose-operations.js';
import { nameTools } from '../operations/tool-names.js';
import { describeInput } from '../inputs/operation-input.js';
import { listOperations } from '../operations/list-operations.js';
import { findScopes } from '../operations/operation-scopes.js';
import { matchesOperation } from '../operations/operation-choice.js';
import { findTooManyTools, type OfferedTools } from '../search/tool-count.js';
import { generateCurated, generateMethod } from './generated-method.js';
import type { OfferedOperation } from './offered-operation.js';

/** A class with `@McpOpenApi`. */
interface OpenApiClass {
  readonly type: Type;
  readonly instance: object;
  readonly options: McpOpenApiOptions;
}

/** A method with `@McpOperation`. */
interface CuratedMethod extends CuratedOperation {
  readonly name: string;
  readonly handler: (...args: unknown[]) => unknown;
}

/** Gives the classes with `@McpOpenApi` a method for each operation that they offer. */
@Injectable()
export class OpenApiOffers {
  readonly #logger = new CleanLogger('McpOpenApi');

  constructor(
    private readonly options: ResolvedOptions,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
    private readonly decorated: DecoratedMethods,
    private readonly client: DownstreamClient,
  ) {}

  /**
   * Reads the documents, before the decorated methods are found.
   *
   * @throws {@link McpAuthConfigurationError} with every document that cannot be read
   */
  async generate(): Promise<void> {
    const problems: string[] = [];
    const tools: OfferedTools[] = [];
    for (const one of this.#listClasses()) {
      const faults = findOpenApiProblems(one.options);
      problems.push(...faults.map((fault) => `@McpOpenApi on ${one.type.name}: ${fault}`));
      if (faults.length > 0) continue;
      try {
        const fault: Fault = (option, message) => {
          problems.push(`\`${option}\` of @McpOpenApi on ${one.type.name} ${message}.`);
        };
        this.decorated.generate(one.type, await this.#generateMethods(one, fault, tools));
      } catch (error) {
        if (!(error instanceof DocumentProblem)) throw error;
        problems.push(`\`document\` of @McpOpenApi on ${one.type.name}: ${error.message}.`);
      }
    }
    problems.push(...findTooManyTools(tools));
    if (problems.length > 0) throw new McpAuthConfigurationError(problems);
  }

  /** @param tools - receives what the class offers */
  async #generateMethods(
    one: OpenApiClass,
    fault: Fault,
    tools: OfferedTools[],
  ): Promise<ReadonlyMap<string, () => unknown>> {
    const { options, type } = one;
    const document = await loadDocument(options);
    const { operations, problems } = listOperations(document);
    const names = nameTools(operations);
    const curated = this.#listCurated(type);
    const scopeMap = this.options.downstreams.get(options.downstream)?.scopeMap ?? new Map<string, string[]>();
    const methods = new Map<string, () => unknown>();
    for (const problem of problems) this.#logger.warn(`An operation is left out. ${problem.message}`);
    const chosen = chooseOperations(operations, options);
    tools.push({ name: type.name, maxTools: options.maxTools, operations: chosen });
    for (const operation of chosen) {
      const name = names.get(operation) ?? '';
      const input = describeInput(document, operation);
      const scopes = findScopes(operation, options, scopeMap, fault);
      const offered: OfferedOperation = { name, operation, document, input, scopes, options };
      const method = curated.find((method) => matchesOperation(method.operation, operation));
      if (method) methods.set(method.name, generateCurated(offered, this.client, method.handler, method.options));
      else methods.set(`${operation.method} ${operation.path}`, generateMethod(offered, this.client));
    }
    return methods;
  }

  #listCurated(type: Type): readonly CuratedMethod[] {
    const prototype = type.prototype as Record<string, (...args: unknown[]) => unknown>;
    return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
      const handler = prototype[name];
      const declared = handler && this.reflector.get<CuratedOperation | undefined>(MCP_OPERATION, handler);
      return handler && declared ? [{ ...declared, name, handler }] : [];
    });
  }

  *#listClasses(): Iterable<OpenApiClass> {
    for (const { instance, isAlias } of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      if (isAlias || typeof instance !== 'object' || instance === null) continue;
      const type = (instance as object).constructor as Type;
      const options = this.reflector.get<McpOpenApiOptions | undefined>(MCP_OPEN_API, type);
      if (options && this.#isOffered(options)) yield { type, instance: instance as object, options };
    }
  }

  /** Whether this server offers the class. An unknown name is a fault that the catalogue finds. */
  #isOffered({ server = [] }: McpOpenApiOptions): boolean {
    const names = [server].flat();
    return names.length === 0 || names.includes(this.options.server.name);
  }
}
