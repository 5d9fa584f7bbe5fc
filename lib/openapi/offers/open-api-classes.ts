import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import type { DiscoveryService } from '@nestjs/core';
import { MCP_OPEN_API } from '../declaration/mcp-open-api.decorator.js';
import { OPEN_API_OPTIONS_TOKEN, type FeatureOptions } from '../declaration/open-api-module-definition.js';
import type { McpOpenApiOptions } from '../declaration/open-api-options.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A class of the application. */
export interface OpenApiClass {
  readonly type: Type;
  /** `undefined` for a class that declares none. */
  readonly documents: readonly DeclaredDocument[] | undefined;
}

/** A document of a class. Its options are not checked yet. */
export interface DeclaredDocument {
  /** Of its options, for messages: `@McpOpenApi on OrdersApi`. */
  readonly place: string;
  /** Tells its operations from those of other documents of the class. Empty if there are no others. */
  readonly suffix: string;
  readonly options: McpOpenApiOptions;
}

/** Lists the classes of the application, each of them once, with the documents that they declare. */
export function* listOpenApiClasses(discovery: DiscoveryService): Iterable<OpenApiClass> {
  const types = new Set<Type>();
  for (const wrapper of [...discovery.getProviders(), ...discovery.getControllers()]) {
    const instance = wrapper.instance as object | null | undefined;
    if (wrapper.isAlias || typeof instance !== 'object' || instance === null) continue;
    const type = (Object.getPrototypeOf(instance) as { constructor?: Type } | null)?.constructor;
    if (!type || types.has(type)) continue;
    types.add(type);
    yield { type, documents: listDocuments(type, wrapper) };
  }
}

function listDocuments(type: Type, { host }: Wrapper): readonly DeclaredDocument[] | undefined {
  const own = listOwnDocuments(type);
  if (own) return own;
  const token = Reflect.getMetadata(OPEN_API_OPTIONS_TOKEN, type) as string | undefined;
  if (token === undefined) return undefined;
  return listFeatureDocuments(host?.providers.get(token)?.instance as FeatureOptions);
}

/** The document of `@McpOpenApi` on a class. `undefined` if there is none. */
export function listOwnDocuments(type: Type): readonly DeclaredDocument[] | undefined {
  const options = Reflect.getMetadata(MCP_OPEN_API, type) as McpOpenApiOptions | undefined;
  return options && [{ place: `@McpOpenApi on ${type.name}`, suffix: '', options }];
}

/** Lists the documents of one feature. */
export function listFeatureDocuments(given: FeatureOptions): readonly DeclaredDocument[] {
  const place = 'McpOpenApiModule.forFeature';
  if (!Array.isArray(given)) return [{ place, suffix: '', options: given as McpOpenApiOptions }];
  return (given as readonly McpOpenApiOptions[]).map((options, index) => ({
    place: `options[${index}] of ${place}`,
    suffix: given.length > 1 ? ` of options[${index}]` : '',
    options,
  }));
}
