import { Injectable, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { ANONYMOUS } from '../decorators/anonymous.decorator.js';
import { MCP_COMPLETION, type McpCompletionOptions } from '../decorators/mcp-completion.decorator.js';
import type { AccessOptions } from '../decorators/access-options.js';
import { MCP_DEFAULTS, type McpDefaultsOptions } from '../decorators/mcp-defaults.decorator.js';
import { MCP_PROMPT } from '../decorators/mcp-prompt.decorator.js';
import { MCP_RESOURCE_LIST, type McpResourceListOptions } from '../decorators/mcp-resource-list.decorator.js';
import { MCP_RESOURCE_TEMPLATE } from '../decorators/mcp-resource-template.decorator.js';
import { MCP_RESOURCE } from '../decorators/mcp-resource.decorator.js';
import { MCP_TOOL } from '../decorators/mcp-tool.decorator.js';
import { MCP_REPEATED } from '../decorators/offer-declaration.js';
import { POLICIES } from '../decorators/use-policy.decorator.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { checkDefaults, readDeclaredOptions, readDefaults } from './class-defaults.js';
import type { Companions } from './companions.js';
import type { MethodHost, Primitive } from './primitive.js';
import { definePrompt } from './prompt-definition.js';
import { defineResource, defineResourceTemplate } from './resource-definition.js';
import { readClassSurroundings, readSurroundings, type ClassSurroundings, type Surroundings } from './surroundings.js';
import { defineTool } from './tool-definition.js';

/** A class of the application and its decorated methods. */
export interface Decorated {
  readonly wrapper: MethodHost['wrapper'];
  readonly type: Type;
  readonly methods: readonly DecoratedMethod[];
}

/** A method. Its decorators are metadata of its function. */
interface DecoratedMethod {
  readonly name: string;
  readonly handler: () => unknown;
  /** What its decorators say. To look each of them up takes long. */
  readonly metadata: ReadonlySet<unknown>;
  /** Whether the class itself has no such method, or another one. */
  readonly isGenerated: boolean;
}

/** What the decorators of a class say of its methods. It is read once for all of them: each look takes long. */
interface ClassDeclarations {
  readonly defaults: McpDefaultsOptions | undefined;
  readonly surroundings: ClassSurroundings;
}

/** Methods that a class is given, by name. What decorators say of one is metadata of its function. */
export type GeneratedMethods = ReadonlyMap<string, () => unknown>;

type Define = (options: never, host: MethodHost, surroundings: Surroundings, problems: string[]) => Primitive;

/** The decorators that offer a method to clients, by their metadata keys. */
const OFFERS: ReadonlyMap<string, readonly [decorator: string, define: Define]> = new Map([
  [MCP_TOOL, ['@McpTool', defineTool]],
  [MCP_RESOURCE, ['@McpResource', defineResource]],
  [MCP_RESOURCE_TEMPLATE, ['@McpResourceTemplate', defineResourceTemplate]],
  [MCP_PROMPT, ['@McpPrompt', definePrompt]],
]);

/** Finds the methods of providers and controllers that have decorators of this package. */
@Injectable()
export class DecoratedMethods {
  readonly #generated = new Map<object, GeneratedMethods>();
  readonly #generators: (() => Promise<void>)[] = [];

  constructor(
    private readonly options: ResolvedOptions,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /**
   * Gives a class methods in this application, in place of its own ones of those names. What decorators say of a method
   * is metadata of its function.
   *
   * @param methods - by name. They replace those that were given before
   */
  generate(type: object, methods: GeneratedMethods): void {
    this.#generated.set(type, methods);
  }

  /** @param generate - called each time before methods are looked for, to {@link generate} those of new classes */
  beforeFind(generate: () => Promise<void>): void {
    this.#generators.push(generate);
  }

  /** Has the methods generated that are not there yet. Called before {@link find}. */
  async prepare(): Promise<void> {
    for (const generate of this.#generators) await generate();
  }

  /**
   * @param problems - receives faulty declarations and decorators without effect
   * @param classes - from {@link list}
   */
  find(
    problems: string[],
    classes: readonly Decorated[],
  ): { readonly primitives: readonly Primitive[]; readonly companions: Companions } {
    const primitives: Primitive[] = [];
    const companions: Companions = { completions: [], lists: [] };
    for (const { wrapper, type, methods } of classes) {
      const ofType: Primitive[] = [];
      const declarations = this.#readClass(type);
      for (const { name: method, handler, metadata, isGenerated } of methods) {
        const createHost = (decorator: string): MethodHost =>
          isGenerated ? { wrapper, type, method, decorator, handler } : { wrapper, type, method, decorator };
        const completion =
          metadata.has(MCP_COMPLETION) && this.reflector.get<McpCompletionOptions>(MCP_COMPLETION, handler);
        if (completion) companions.completions.push({ host: createHost('@McpCompletion'), options: completion });
        const list =
          metadata.has(MCP_RESOURCE_LIST) && this.reflector.get<McpResourceListOptions>(MCP_RESOURCE_LIST, handler);
        if (list) companions.lists.push({ host: createHost('@McpResourceList'), options: list });
        const offers = this.#defineOffers({ handler, metadata }, declarations, createHost, problems);
        ofType.push(...offers);
        if (offers.length === 0) problems.push(...this.#findVainDecorators(handler, `${type.name}.${method}`));
        const repeated = metadata.has(MCP_REPEATED) && this.reflector.get<readonly string[]>(MCP_REPEATED, handler);
        for (const decorator of new Set(repeated || []))
          problems.push(
            `${type.name}.${method} has ${decorator} more than once, and only the first one would count. Write a method for each.`,
          );
      }
      if (ofType.length === 0) {
        // Which methods are generated is up to this server's documents, not to the class.
        if (!this.#generated.has(type)) problems.push(...this.#findVainDecorators(type, type.name));
      } else this.#checkDefaults(type, ofType, problems);
      primitives.push(...ofType);
    }
    return { primitives, companions };
  }

  /** Whether any method validates its arguments with a class. */
  hasValidatedClasses(classes: readonly Decorated[]): boolean {
    return classes.some(({ methods }) =>
      methods.some(({ handler, metadata }) =>
        [...metadata].some(
          (key) =>
            OFFERS.has(key as string) &&
            typeof this.reflector.get<{ input?: unknown } | undefined>(key, handler)?.input === 'function',
        ),
      ),
    );
  }

  #readClass(type: Type): ClassDeclarations {
    return { defaults: readDefaults(type), surroundings: readClassSurroundings(this.reflector, type) };
  }

  #defineOffers(
    { handler, metadata }: Pick<DecoratedMethod, 'handler' | 'metadata'>,
    { defaults, surroundings: surroundingsOfClass }: ClassDeclarations,
    at: (decorator: string) => MethodHost,
    problems: string[],
  ): readonly Primitive[] {
    const offers: Primitive[] = [];
    for (const [key, [decorator, define]] of OFFERS) {
      if (!metadata.has(key)) continue;
      const declared = readDeclaredOptions<AccessOptions<never>>(this.reflector, key, defaults, handler);
      if (!declared) continue;
      const surroundings = readSurroundings(this.reflector, surroundingsOfClass, handler, this.options, metadata);
      const { options, ofClass } = declared;
      offers.push(define(options as never, { ...at(decorator), ofClass }, surroundings, problems));
    }
    return offers;
  }

  #checkDefaults(type: Type, offers: readonly Primitive[], problems: string[]): void {
    const defaults = readDefaults(type);
    const isAnonymous = this.reflector.get<boolean | undefined>(ANONYMOUS, type) ?? false;
    if (defaults) checkDefaults(type, defaults, isAnonymous, offers, problems);
  }

  /**
   * Lists the classes of all providers and controllers.
   *
   * @param instead - methods that classes would be given in place of their generated ones
   */
  list(instead: ReadonlyMap<Type, GeneratedMethods> = new Map()): readonly Decorated[] {
    const classes: Decorated[] = [];
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const instance = wrapper.instance as object | null | undefined;
      if (wrapper.isAlias || typeof instance !== 'object' || instance === null) continue;
      const prototype = Object.getPrototypeOf(instance) as Record<string, unknown> | null;
      if (!prototype) continue;
      const type = prototype.constructor as Type;
      const generated =
        instead.get(type) ??
        this.#generated.get(instance) ??
        this.#generated.get(type) ??
        new Map<string, () => unknown>();
      const methods: DecoratedMethod[] = [];
      const add = (name: string, handler: () => unknown, isGenerated: boolean) => {
        const keys = Reflect.getMetadataKeys(handler);
        // Most methods of an application have no decorators.
        if (keys.length > 0) methods.push({ name, handler, metadata: new Set(keys), isGenerated });
      };
      for (const name of this.scanner.getAllMethodNames(prototype))
        if (!generated.has(name)) add(name, prototype[name] as () => unknown, false);
      for (const [name, handler] of generated) add(name, handler, true);
      classes.push({ wrapper, type, methods });
    }
    return classes;
  }

  #findVainDecorators(target: Type | (() => unknown), place: string): string[] {
    const metadata = new Set<unknown>(Reflect.getMetadataKeys(target));
    return [
      ['@Anonymous', ANONYMOUS],
      ['@UsePolicy', POLICIES],
      ['@McpDefaults', MCP_DEFAULTS],
    ].flatMap(([decorator, key]) =>
      !metadata.has(key)
        ? []
        : [
            `${String(decorator)} on ${place} protects nothing, because there is no @McpTool. Add it, or remove ${String(decorator)}.`,
          ],
    );
  }
}
