import { Inject, Injectable, type Type } from '@nestjs/common';
import { GUARDS_METADATA, INTERCEPTORS_METADATA, PIPES_METADATA } from '@nestjs/common/constants.js';
import { ApplicationConfig, ContextIdFactory, ExternalContextCreator, ModuleRef, ModulesContainer } from '@nestjs/core';
import { placeOf, type ToolDefinition, type ToolHost } from '../catalogue/tool-definition.js';
import { McpAuthConfigurationError } from '../options/configuration-error.js';
import type { McpContext } from './mcp-context.js';
import { CONTEXT_PARAMETER, PARAMETERS, parametersFactory } from './tool-parameters.js';

/** Runs a tool's method as Nest runs a controller's. */
export type ToolInvocation = (context: McpContext, input: unknown) => Promise<unknown>;

type Method = (...args: unknown[]) => unknown;

/** Makes tools' methods callable behind the guards, interceptors and pipes that apply to them. */
@Injectable()
export class ToolInvoker {
  constructor(
    @Inject(ExternalContextCreator) private readonly contexts: ExternalContextCreator,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
  ) {}

  /**
   * What a call needs is worked out here, once, unless the host or something it depends on is request-scoped.
   *
   * @throws {@link McpAuthConfigurationError} if Nest would skip an enhancer of the method
   */
  prepare({ host }: ToolDefinition): ToolInvocation {
    refuseSkippedEnhancers(host, this.config);
    const { wrapper } = host;
    const contexts = this.#contextsOf(wrapper);
    if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) {
      return behindEnhancers(contexts, host, wrapper.instance as Record<string, Method>);
    }
    // Of its own module: another may have the same token for another class.
    const moduleRef = wrapper.host?.providers.get(ModuleRef)?.instance as ModuleRef;
    return async (context, input) => {
      const contextId = ContextIdFactory.create();
      moduleRef.registerRequestByContextId(context, contextId);
      const instance = await moduleRef.resolve<Record<string, Method>>(wrapper.token, contextId);
      return await behindEnhancers(contexts, host, instance, contextId)(context, input);
    };
  }

  #contextsOf({ host }: ToolHost['wrapper']): ExternalContextCreator {
    const { contexts } = this;
    const key = [...this.modules].find(([, module]) => module === host)?.[0];
    if (key === undefined) throw new Error('A tool belongs to no module');
    return Object.assign(Object.create(contexts) as ExternalContextCreator, {
      /** Nest looks for a host's module among the providers alone, and skips the guards where it finds none. */
      getContextModuleKey: () => key,
      /** Pipes are for what the client sent. */
      getParamValue: ((value, metadata, pipes) =>
        (metadata.type as unknown) === CONTEXT_PARAMETER
          ? Promise.resolve(value)
          : contexts.getParamValue(value, metadata, pipes)) as ExternalContextCreator['getParamValue'],
    });
  }
}

function behindEnhancers(
  contexts: ExternalContextCreator,
  { wrapper, method }: ToolHost,
  instance: Record<string, Method>,
  contextId?: ReturnType<typeof ContextIdFactory.create>,
): ToolInvocation {
  const enhancers = { guards: true, interceptors: true, filters: false };
  return contexts.create(
    instance,
    instance[method] as Method,
    method,
    PARAMETERS,
    parametersFactory,
    contextId,
    wrapper.id,
    enhancers,
    'mcp',
  ) as ToolInvocation;
}

/** Nest does not look at the class of what `useFactory` and `useValue` provide, so that its guards would not run. */
function refuseSkippedEnhancers(host: ToolHost, config: ApplicationConfig): void {
  const { wrapper, type, method } = host;
  const handler = (type.prototype as Record<string, object>)[method] as object;
  const enhancers = [GUARDS_METADATA, INTERCEPTORS_METADATA, PIPES_METADATA].flatMap((key) =>
    [type, handler].flatMap((target) => (Reflect.getMetadata(key, target) ?? []) as unknown[]),
  );
  const skipped = enhancers.filter((enhancer) => isClass(enhancer) && !wrapper.host?.injectables.has(enhancer));
  const scoped = wrapper.isNotMetatype
    ? [config.getGlobalRequestGuards(), config.getGlobalRequestInterceptors(), config.getGlobalRequestPipes()].flat()
    : [];
  const names = [...skipped, ...scoped].map((enhancer) => (enhancer as { name: string }).name).join(', ');
  if (names === '') return;
  throw new McpAuthConfigurationError([
    `${placeOf(host)} is behind ${names}, which Nest skips on providers made by useFactory or useValue. Provide the class itself, or with useClass.`,
  ]);
}

function isClass(value: unknown): value is Type {
  return typeof value === 'function';
}
