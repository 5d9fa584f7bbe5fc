import 'reflect-metadata';
import type { McpContext } from './mcp-context.js';

/**
 * Nest hands guards and interceptors the arguments in this order. The context comes first, because guards written for
 * HTTP take the first for the request, and must not be given what the client made up. Methods take the input first.
 */
type Arguments = [context: McpContext, input: unknown];

/** Key of the metadata that tells Nest a method's parameters. */
export const PARAMETERS = 'nestjs-mcp-auth:parameters';

const INPUT_PARAMETER = 0;
export const CONTEXT_PARAMETER = 1;

/** Tells Nest that a method takes the input and the context. */
export function defineParameters(type: object, method: string | symbol): void {
  const parameters = Object.fromEntries(
    [INPUT_PARAMETER, CONTEXT_PARAMETER].map((index) => [`${index}:${index}`, { index, data: undefined, pipes: [] }]),
  );
  Reflect.defineMetadata(PARAMETERS, parameters, type, method);
}

/** Finds a parameter's value among the arguments. */
export const parametersFactory = {
  exchangeKeyForValue(parameter: number, _data: unknown, [context, input]: Arguments): unknown {
    return parameter === CONTEXT_PARAMETER ? context : input;
  },
};
