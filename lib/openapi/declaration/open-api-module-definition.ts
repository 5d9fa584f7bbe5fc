import 'reflect-metadata';
import { ConfigurableModuleBuilder, SetMetadata, type DynamicModule, type Type } from '@nestjs/common';
import { ENTRY_PROVIDER_WATERMARK } from '@nestjs/common/constants.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { MCP_OPEN_API } from './mcp-open-api.decorator.js';
import type { McpOpenApiOptions } from './open-api-options.js';

/** Options for one document, or for several. */
export type FeatureOptions = McpOpenApiOptions | readonly McpOpenApiOptions[];

/** What carries the operations of the documents. */
export interface McpOpenApiFeature {
  /**
   * A class whose guards, interceptors, filters, policies, defaults, `@Anonymous` and methods with `@McpOperation` apply
   * to the operations. It has no `@McpOpenApi`, and is not provided elsewhere. Defaults to a class without any of these.
   */
  api?: Type;
  /** Modules that export what the class is made with, and its guards, interceptors and filters. */
  imports?: NonNullable<DynamicModule['imports']>;
}

// Each call is a feature of its own, even if it looks like another one.
const built = new ConfigurableModuleBuilder<FeatureOptions>({ alwaysTransient: true })
  .setClassMethodName('forFeature')
  .setFactoryMethodName('createMcpOpenApiOptions')
  .setExtras<Pick<McpOpenApiFeature, 'api'>>({}, (definition, { api }) => ({
    ...definition,
    providers: [...(definition.providers ?? []), createFeatureClass(api)],
  }))
  .build();

/** The base of the module, with `forFeature` and `forFeatureAsync` as Nest builds them. */
export const ConfigurableFeatureClass = built.ConfigurableModuleClass;

/** What `forFeatureAsync` takes, for its type only. */
export const ASYNC_FEATURE_TYPE = built.ASYNC_OPTIONS_TYPE;

/** Metadata key of the injection token under which the module of a class has the options for its documents. */
export const OPEN_API_OPTIONS_TOKEN = 'nestjs-mcp-auth:open-api-options-token';

/** A class of one feature alone, which is like the given class in every other respect. */
function createFeatureClass(api: Type | undefined): Type {
  if (api && Reflect.hasMetadata(MCP_OPEN_API, api)) {
    throw new McpAuthConfigurationError([
      `\`api\` of McpOpenApiModule.forFeature is ${api.name}, which has @McpOpenApi itself. Remove @McpOpenApi from it, or provide it as it is.`,
    ]);
  }
  class Feature extends (api ?? Object) {}
  Object.defineProperty(Feature, 'name', { value: api?.name ?? 'McpOpenApiFeature' });
  SetMetadata(OPEN_API_OPTIONS_TOKEN, built.MODULE_OPTIONS_TOKEN)(Feature);
  SetMetadata(ENTRY_PROVIDER_WATERMARK, true)(Feature);
  return Feature;
}
