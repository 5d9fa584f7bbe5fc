import { Injectable, type NestInterceptor, type Type } from '@nestjs/common';
import { ApplicationConfig, ContextIdFactory, ExternalContextCreator, ModuleRef, ModulesContainer } from '@nestjs/core';
import { REQUEST_CONTEXT_ID } from '@nestjs/core/router/request/request-constants.js';
import type { MethodHost } from '../../resource-server/catalogue/primitive.js';
import { CallExecutionContext } from './call-execution-context.js';
import { toReadable } from '../../errors/reason.js';
import { isCountedBefore, selectGuards } from './call-throttlers.js';
import { wrapInFilters, type EnhancedMethod } from './call-filters.js';
import { noteReturned } from './changed-result.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';
import {
  CONTEXT_PARAMETER,
  defineParameters,
  hasDecoratedParameters,
  isInputParameter,
  PARAMETERS,
  parametersFactory,
  refuseParameters,
} from './method-parameters.js';
import { PipedArguments } from './piped-arguments.js';
import { LaterInvocation, type Invocation } from './invocation.js';
import { SkippedEnhancers } from './skipped-enhancers.js';
import { follow } from './streamed-items.js';
import { watchInterceptors, type ChangingInterceptors } from './watched-enhancers.js';

type Method = (...args: unknown[]) => unknown;
type ContextId = ReturnType<typeof ContextIdFactory.create>;

/** Finds the enhancers of one kind. */
interface Creator {
  create(instance: object, callback: Method, moduleKey: string, contextId: unknown, inquirerId: string): unknown;
}

interface Guards {
  tryActivate(guards: unknown[], ...rest: unknown[]): Promise<boolean>;
}

interface Interceptors {
  intercept(
    interceptors: unknown[],
    args: unknown[],
    instance: object,
    callback: Method,
    next: () => Promise<unknown>,
    type?: string,
  ): Promise<unknown>;
}

/** Makes methods callable behind their guards, pipes, interceptors and filters. */
@Injectable()
export class MethodInvoker {
  /** The arguments of each call that runs. */
  readonly #piped = new WeakMap<McpContext, PipedArguments>();
  readonly #skipped: SkippedEnhancers;

  constructor(
    private readonly contexts: ExternalContextCreator,
    private readonly modules: ModulesContainer,
    config: ApplicationConfig,
  ) {
    this.#skipped = new SkippedEnhancers(config);
  }

  /**
   * Checks a method. Its host is made anew for each call if the host or one of its dependencies is request-scoped.
   *
   * @throws {@link McpAuthConfigurationError} if Nest would skip an enhancer of the method or cannot provide a
   *   parameter
   */
  prepare(host: MethodHost): Invocation {
    this.#skipped.refuse(host);
    refuseParameters(host);
    return new LaterInvocation(host, this.#prepare);
  }

  readonly #prepare = (host: MethodHost): Invocation => {
    const { wrapper } = host;
    const count = defineParameters(host);
    const contexts = this.#createContexts(wrapper);
    const isStatic = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
    const instance = wrapper.instance as Record<string, Method>;
    if (isStatic && !this.#isEnhanced(contexts, host, instance)) return { isBare: true, run: callBare(host, instance) };
    const method = isStatic ? wrapInEnhancers(contexts, host, instance) : wrapAnew(contexts, host);
    const run: Invocation['run'] = (context, input, check) => {
      this.#piped.set(context, new PipedArguments(count, check));
      return method(context, input);
    };
    return { isBare: false, run };
  };

  /** Whether Nest finds something that stands around a method, or a parameter that is made for it. */
  #isEnhanced(contexts: ExternalContextCreator, host: MethodHost, instance: Record<string, Method>): boolean {
    if (hasDecoratedParameters(host)) return true;
    const { wrapper, method, handler } = host;
    const { pipesContextCreator, guardsContextCreator, interceptorsContextCreator, filtersContextCreator } =
      contexts as unknown as Record<string, Creator>;
    const find = (creator: Creator | undefined) =>
      creator?.create(
        instance,
        (handler ?? instance[method]) as Method,
        contexts.getContextModuleKey(undefined),
        undefined,
        wrapper.id,
      );
    const guards = (find(guardsContextCreator) as unknown[]).filter((guard) => !isCountedBefore(guard));
    const others = [pipesContextCreator, interceptorsContextCreator].flatMap((creator) => find(creator) as unknown[]);
    const { filters } = find(filtersContextCreator) as { readonly filters?: readonly unknown[] };
    return guards.length + others.length > 0 || filters?.length !== 0;
  }

  #createContexts({ host }: MethodHost['wrapper']): ExternalContextCreator {
    const { contexts } = this;
    const key = [...this.modules].find(([, module]) => module === host)?.[0];
    if (key === undefined) throw new Error('A decorated method belongs to no module');
    const { guardsConsumer, interceptorsConsumer } = contexts as unknown as {
      readonly guardsConsumer: Guards;
      readonly interceptorsConsumer: Interceptors;
    };
    return Object.assign(Object.create(contexts) as ExternalContextCreator, {
      /** Nest searches only the providers for a host's module, and skips the guards if it finds none. */
      getContextModuleKey: () => key,
      getHostModuleKey: () => key,
      /** Pipes apply only to what the client sent. */
      getParamValue: (async (value, metadata, pipes) => {
        if ((metadata.type as unknown) === CONTEXT_PARAMETER) return value as unknown;
        if (!isInputParameter(value)) return (await contexts.getParamValue(value, metadata, pipes)) as unknown;
        const { name, input, context } = value;
        const piped: unknown = await contexts.getParamValue(value.value, metadata, pipes);
        const arguments_ = this.#piped.get(context);
        if (!arguments_) throw new Error('A method gets arguments outside of a call');
        return await arguments_.settle(name, input, piped);
      }) as ExternalContextCreator['getParamValue'],
      guardsConsumer: {
        tryActivate: (guards, ...rest) =>
          withCallContext(guardsConsumer).tryActivate([...selectGuards(guards)], ...rest),
      } satisfies Guards,
      /** Nest only waits for the last item of a stream. */
      interceptorsConsumer: {
        intercept: (interceptors, args, instance, callback, next, type) => {
          const changing: ChangingInterceptors = new Set();
          return withCallContext(interceptorsConsumer).intercept(
            [...watchInterceptors(interceptors as NestInterceptor[], changing)],
            args,
            instance,
            callback,
            async () => {
              const [context, input] = args as [McpContext & { readonly body: unknown }, unknown];
              await this.#piped.get(context)?.checkUntaken([input, context.body]);
              const returned = await follow(await next(), context);
              noteReturned(context, returned, interceptors, changing);
              return returned;
            },
            type,
          );
        },
      } satisfies Interceptors,
      externalErrorProxy: { createProxy: wrapInFilters },
    });
  }
}

/** Calls a method as Nest would that finds no guard, pipe, interceptor or filter for it. */
function callBare({ method, handler }: MethodHost, instance: Record<string, Method>): Invocation['run'] {
  return async (context, input, check) => {
    await check([input]);
    try {
      return await follow(await ((handler ?? instance[method]) as Method).call(instance, input, context), context);
    } catch (thrown) {
      throw toReadable(thrown);
    }
  };
}

/** Makes the host of the method anew for each call. */
function wrapAnew(contexts: ExternalContextCreator, host: MethodHost): EnhancedMethod {
  const { wrapper } = host;
  // Uses the host's own module, because another module may use the same token for another class.
  const moduleRef = wrapper.host?.providers.get(ModuleRef)?.instance as ModuleRef;
  return async (context, input) => {
    const contextId = createContextId(context, moduleRef, wrapper.isDependencyTreeDurable());
    const instance = await moduleRef.resolve<Record<string, Method>>(wrapper.token, contextId);
    return await wrapInEnhancers(contexts, host, instance, contextId)(context, input);
  };
}

/** Works like Nest's router, so that strategies of durable providers find the tenant of the call. */
function createContextId(context: McpContext, moduleRef: ModuleRef, isDurable: boolean): ContextId {
  const contextId: ContextId = ContextIdFactory.getByRequest(context);
  if (REQUEST_CONTEXT_ID in context) return contextId;
  Object.defineProperty(context, REQUEST_CONTEXT_ID, { value: contextId, enumerable: false });
  const payload = contextId.payload as object | undefined;
  moduleRef.registerRequestByContextId(isDurable && payload ? payload : context, contextId);
  return contextId;
}

/** Gives guards and interceptors the call as an HTTP request, if they want one. */
function withCallContext<Consumer extends object>(consumer: Consumer): Consumer {
  const createContext = (args: unknown[], instance: object, callback: Method) =>
    new CallExecutionContext(args, instance.constructor as Type, callback);
  return Object.assign(Object.create(consumer) as Consumer, { createContext });
}

function wrapInEnhancers(
  contexts: ExternalContextCreator,
  { wrapper, method, handler }: MethodHost,
  instance: Record<string, Method>,
  contextId?: ContextId,
): EnhancedMethod {
  const enhancers = { guards: true, interceptors: true, filters: true };
  return contexts.create(
    instance,
    (handler ?? instance[method]) as Method,
    method,
    PARAMETERS,
    parametersFactory,
    contextId,
    wrapper.id,
    enhancers,
    'mcp',
  ) as EnhancedMethod;
}
