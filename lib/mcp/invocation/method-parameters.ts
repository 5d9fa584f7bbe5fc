import 'reflect-metadata';
import { CUSTOM_ROUTE_ARGS_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { describePlace, type MethodHost } from '../../resource-server/catalogue/primitive.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';
import { isJsonObject } from '../../json/json-object.js';

/**
 * Nest hands guards and interceptors the arguments in this order. The context comes first, because guards written for
 * HTTP take the first for the request. Methods take the input first.
 */
type Arguments = [context: McpContext, input: unknown];

/** As Nest keeps what the decorators of parameters say. */
interface Parameter {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes: readonly unknown[];
}

/** Key of the metadata that tells Nest a method's parameters. */
export const PARAMETERS = 'nestjs-mcp-auth:parameters';

/** None of Nest's types of parameters. */
export const CONTEXT_PARAMETER = 100;

/** What `@Param()`, `@Query()`, `@Body()` and `@McpInput()` name are arguments. */
const INPUT_TYPES = new Set([RouteParamtypes.BODY, RouteParamtypes.QUERY, RouteParamtypes.PARAM]);

/** What there is of a request of HTTP, or stands for it. */
const SERVED_TYPES = new Set([...INPUT_TYPES, RouteParamtypes.REQUEST, RouteParamtypes.HEADERS, CONTEXT_PARAMETER]);

const DECORATORS: Readonly<Record<number, string>> = {
  [RouteParamtypes.RESPONSE]: '@Res()',
  [RouteParamtypes.NEXT]: '@Next()',
  [RouteParamtypes.SESSION]: '@Session()',
  [RouteParamtypes.FILE]: '@UploadedFile()',
  [RouteParamtypes.FILES]: '@UploadedFiles()',
  [RouteParamtypes.HOST]: '@HostParam()',
  [RouteParamtypes.IP]: '@Ip()',
  [RouteParamtypes.RAW_BODY]: '@RawBody()',
};

/**
 * Tells Nest what a method takes: what its parameters' decorators say, else the input, and then the context.
 *
 * @returns what is wrong with a parameter, and how to mend it
 */
export function defineParameters({ type, method, decorator }: MethodHost): string | undefined {
  const decorated = (Reflect.getMetadata(ROUTE_ARGS_METADATA, type, method) ?? {}) as Record<string, Parameter>;
  const parameters: Record<string, Parameter> = {};
  const taken = new Set<number>();
  for (const [key, parameter] of Object.entries(decorated)) {
    const kind = Number(key.split(':')[0]);
    if (!key.includes(CUSTOM_ROUTE_ARGS_METADATA) && !SERVED_TYPES.has(kind)) {
      return `A parameter of ${describePlace({ type, method })} has ${DECORATORS[kind] ?? 'a decorator'}, which ${decorator} has no value for. Move what it is for into a method of its own.`;
    }
    parameters[key] = parameter;
    taken.add(parameter.index);
  }
  for (const [index, kind] of [RouteParamtypes.BODY, CONTEXT_PARAMETER].entries()) {
    if (!taken.has(index)) parameters[`${kind}:${index}`] = { index, data: undefined, pipes: [] };
  }
  Reflect.defineMetadata(PARAMETERS, parameters, type, method);
  return undefined;
}

/** Finds a parameter's value among the arguments. */
export const parametersFactory = {
  exchangeKeyForValue(kind: number, data: unknown, [context, input]: Arguments): unknown {
    if (kind === CONTEXT_PARAMETER || kind === (RouteParamtypes.REQUEST as number)) return context;
    if (kind === (RouteParamtypes.HEADERS as number)) return typeof data === 'string' ? undefined : {};
    if (typeof data !== 'string') return input;
    return isJsonObject(input) && Object.hasOwn(input, data) ? input[data] : undefined;
  },
};
