import { Injectable } from '@nestjs/common';
import type { CompletionRequest, Operation } from '../../resource-server/access/operation.js';
import type {
  Companion,
  MethodHost,
  Primitive,
  ResourceTemplateDefinition,
} from '../../resource-server/catalogue/primitive.js';
import type { CallContext } from './call-context.js';
import { findChoices } from './completion-result.js';
import type { Invocation } from './invocation.js';
import { MethodInvoker } from './method-invoker.js';
import type { CheckArguments } from './piped-arguments.js';

/** Invokes the methods of primitives through Nest. */
@Injectable()
export class PrimitiveInvocations {
  readonly #invocations = new WeakMap<MethodHost, Invocation>();

  constructor(private readonly invoker: MethodInvoker) {}

  /** Prepares primitives, each of them once. */
  prepare(primitives: readonly Primitive[]): void {
    for (const primitive of primitives) {
      this.#prepare(primitive.host);
      for (const { host } of listCompanions(primitive)) this.#prepare(host);
    }
  }

  /**
   * Calls the method of a primitive, or the method that completes one of its arguments.
   *
   * @param check - asked before the method runs, with the arguments as the method gets them
   */
  invoke(
    primitive: Primitive,
    { method }: Operation,
    context: CallContext,
    input: unknown,
    check: CheckArguments,
  ): Promise<unknown> {
    return method === 'completion/complete'
      ? this.#complete(primitive, context, input as CompletionRequest, check)
      : this.#find(primitive, primitive.host).run(context, input, check);
  }

  async #complete(
    primitive: Primitive,
    context: CallContext,
    request: CompletionRequest,
    check: CheckArguments,
  ): Promise<unknown> {
    const companion = 'completions' in primitive ? primitive.completions.get(request.argument) : undefined;
    if (companion) return await this.#find(primitive, companion.host).run(context, request, check);
    await check([request]);
    return findChoices(primitive, request);
  }

  /** Whether something of the application may look at the request of a call, besides the method. */
  isSeen(primitive: Primitive, { method }: Operation): boolean {
    return method === 'completion/complete' || !this.#find(primitive, primitive.host).isBare;
  }

  #prepare(host: MethodHost): void {
    if (!this.#invocations.has(host)) this.#invocations.set(host, this.invoker.prepare(host));
  }

  #find({ name }: Primitive, host: MethodHost): Invocation {
    const invocation = this.#invocations.get(host);
    if (!invocation) throw new Error(`${name} is not prepared`);
    return invocation;
  }

  /** Finds the method that lists the resources of a template, if any. */
  findList({ list }: ResourceTemplateDefinition): Invocation | undefined {
    return list && this.#invocations.get(list.host);
  }
}

/** The other methods that belong to a primitive. */
function listCompanions(primitive: Primitive): readonly Companion[] {
  const completions = 'completions' in primitive ? [...primitive.completions.values()] : [];
  const list = primitive.kind === 'resourceTemplate' && primitive.list ? [primitive.list] : [];
  return [...completions, ...list];
}
