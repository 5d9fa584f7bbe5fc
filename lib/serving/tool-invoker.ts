import { Inject, Injectable } from '@nestjs/common';
import { ContextIdFactory, ExternalContextCreator, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { ToolDefinition, ToolHost } from '../catalogue/tool-definition.js';
import type { McpContext } from './mcp-context.js';

/** Runs a tool's method as Nest runs a controller's. */
export type ToolInvocation = (input: unknown, context: McpContext) => Promise<unknown>;

type Method = (...args: unknown[]) => unknown;

/** Makes tools' methods callable behind the guards and interceptors that apply to them. */
@Injectable()
export class ToolInvoker {
  constructor(
    @Inject(ExternalContextCreator) private readonly contexts: ExternalContextCreator,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
  ) {}

  /** What a call needs is worked out here, once, unless the host or something it depends on is request-scoped. */
  prepare({ host }: ToolDefinition): ToolInvocation {
    if (host.wrapper.isDependencyTreeStatic() && !host.wrapper.isTransient) {
      return this.#behindEnhancers(host, host.wrapper.instance as Record<string, Method>);
    }
    return async (input, context) => {
      const contextId = ContextIdFactory.create();
      this.moduleRef.registerRequestByContextId(context, contextId);
      const instance = await this.moduleRef.resolve<Record<string, Method>>(host.wrapper.token, contextId, {
        strict: false,
      });
      return await this.#behindEnhancers(host, instance, contextId)(input, context);
    };
  }

  #behindEnhancers(
    { wrapper, method }: ToolHost,
    instance: Record<string, Method>,
    contextId?: ReturnType<typeof ContextIdFactory.create>,
  ): ToolInvocation {
    const enhancers = { guards: true, interceptors: true, filters: false };
    return this.#contextsOf(wrapper).create(
      instance,
      instance[method] as Method,
      method,
      undefined,
      undefined,
      contextId,
      wrapper.id,
      enhancers,
      'mcp',
    ) as ToolInvocation;
  }

  /** Nest looks for a host's module among the providers alone and skips the guards of a class that it does not find. */
  #contextsOf({ host }: ToolHost['wrapper']): ExternalContextCreator {
    const key = [...this.modules].find(([, module]) => module === host)?.[0];
    if (key === undefined) throw new Error('A tool belongs to no module');
    return Object.assign(Object.create(this.contexts) as ExternalContextCreator, { getContextModuleKey: () => key });
  }
}
