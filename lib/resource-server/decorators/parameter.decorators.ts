import { Body, createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import type { Caller } from '../access/caller.js';
import type { McpContext as Context } from './mcp-context.js';

/** A pipe of Nest, or its class. */
type Pipe = Type<PipeTransform> | PipeTransform;

/**
 * The validated arguments, or one of them by name. Pipes treat them like the body of an HTTP request.
 *
 * @param argument - name of one argument
 * @param pipes - for this parameter
 */
export function McpInput(argument?: string, ...pipes: Pipe[]): ParameterDecorator {
  return argument === undefined ? Body(...pipes) : Body(argument, ...pipes);
}

/**
 * The caller, or one property, such as `subject`. `undefined` for anonymous callers.
 *
 * @param property - name of one property. Without it, the parameter is the whole object
 */
export const CurrentCaller: (property?: keyof Caller) => ParameterDecorator = createParamDecorator(
  (property: keyof Caller | undefined, context: ExecutionContext) => {
    const { caller } = context.getArgByIndex<Context>(0);
    return property === undefined ? caller : caller?.[property];
  },
);

/** The context of a call: its caller, its signal, and the way back to the client. */
export type McpContext = Context;

/**
 * The context of the call, or a property of it.
 *
 * @param property - name of one property. Without it, the parameter is the whole object
 */
export const McpContext: (property?: keyof Context) => ParameterDecorator = createParamDecorator(
  (property: keyof Context | undefined, context: ExecutionContext) => {
    const call = context.getArgByIndex<Context>(0);
    return property === undefined ? call : Reflect.get(call, property);
  },
);

/** Name of a header that a parameter is. */
export class HeaderName {
  constructor(readonly name: string) {}
}

const readHeader = createParamDecorator(({ name }: HeaderName, context: ExecutionContext) => {
  const { headers } = context.getArgByIndex<{ headers?: Readonly<Record<string, unknown>> }>(0);
  return headers?.[name.toLowerCase()];
});

/**
 * A header of the HTTP request, such as the tenant that a gateway names. `undefined` if the request has none, and on
 * connections without HTTP. It is what the client or a proxy sent: nothing has verified it. Headers that carry
 * credentials, such as `Authorization` and `Cookie`, stop the boot.
 *
 * @param name - of the header, in any case
 * @param pipes - for this parameter
 */
export function McpHeader(name: string, ...pipes: Pipe[]): ParameterDecorator {
  return readHeader(new HeaderName(name), ...pipes);
}
