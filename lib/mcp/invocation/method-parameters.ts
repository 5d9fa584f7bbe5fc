import 'reflect-metadata';
import { CUSTOM_ROUTE_ARGS_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { describePlace, type MethodHost } from '../../resource-server/catalogue/primitive.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';
import { HeaderName } from '../../resource-server/decorators/parameter.decorators.js';
import { isCredentialHeader } from '../../resource-server/access/credential-names.js';
import { isJsonObject } from '../../json/json-object.js';

/**
 * The order in which Nest passes arguments to guards and interceptors. The context comes first, because guards
 * written for HTTP expect the request first. Methods receive the input first.
 */
type Arguments = [context: McpContext, input: unknown];

/** A parameter as Nest stores it for its decorator. */
interface Parameter {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes: readonly unknown[];
}

/** Metadata key under which Nest finds a method's parameters. */
export const PARAMETERS = 'nestjs-mcp-auth:parameters';

/** A parameter type that Nest does not use itself. */
export const CONTEXT_PARAMETER = 100;

/** Decorators that read arguments: `@Param()`, `@Query()`, `@Body()` and `@McpInput()`. */
const INPUT_TYPES: ReadonlySet<number> = new Set([RouteParamtypes.BODY, RouteParamtypes.QUERY, RouteParamtypes.PARAM]);

/** Decorators that a call of MCP has a value for. */
const SERVED_TYPES = new Set<number>([
  ...INPUT_TYPES,
  RouteParamtypes.REQUEST,
  RouteParamtypes.HEADERS,
  RouteParamtypes.IP,
  CONTEXT_PARAMETER,
]);

const DECORATORS: Readonly<Record<number, string>> = {
  [RouteParamtypes.RESPONSE]: '@Res()',
  [RouteParamtypes.NEXT]: '@Next()',
  [RouteParamtypes.SESSION]: '@Session()',
  [RouteParamtypes.FILE]: '@UploadedFile()',
  [RouteParamtypes.FILES]: '@UploadedFiles()',
  [RouteParamtypes.HOST]: '@HostParam()',
  [RouteParamtypes.RAW_BODY]: '@RawBody()',
};

/**
 * Declares a method's parameters to Nest: those with decorators, or else the input and then the context.
 *
 * @returns what is wrong with a parameter, and how to fix it
 */
export function defineParameters({ type, method, decorator }: MethodHost): string | undefined {
  const decorated = (Reflect.getMetadata(ROUTE_ARGS_METADATA, type, method) ?? {}) as Record<string, Parameter>;
  const parameters: Record<string, Parameter> = {};
  const taken = new Set<number>();
  for (const [key, parameter] of Object.entries(decorated)) {
    const kind = Number(key.split(':')[0]);
    if (!key.includes(CUSTOM_ROUTE_ARGS_METADATA) && !SERVED_TYPES.has(kind)) {
      return `A parameter of ${describePlace({ type, method })} has ${DECORATORS[kind] ?? 'a decorator'}, for which ${decorator} has no value. Move this parameter into a method of its own.`;
    }
    const header = readHeaderName(kind, parameter.data);
    if (header !== undefined && isCredentialHeader(header)) {
      return `A parameter of ${describePlace({ type, method })} is the header ${header}, which carries a credential. No tool gets one. Remove the parameter: @CurrentCaller() says who calls, and DownstreamClient calls APIs for them.`;
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

/** Whether a decorator says what a parameter of a method is. */
export function hasDecoratedParameters({ type, method }: Pick<MethodHost, 'type' | 'method'>): boolean {
  return Object.keys((Reflect.getMetadata(ROUTE_ARGS_METADATA, type, method) ?? {}) as object).length > 0;
}

/** The header that `@McpHeader()` or `@Headers()` names. */
function readHeaderName(kind: number, data: unknown): string | undefined {
  if (data instanceof HeaderName) return data.name;
  return kind === (RouteParamtypes.HEADERS as number) && typeof data === 'string' ? data : undefined;
}

/** Arguments on their way through the pipes of a parameter. */
export interface InputParameter {
  /** Name of the argument; `undefined` for all arguments. */
  readonly name: string | undefined;
  readonly value: unknown;
  /** All arguments. */
  readonly input: unknown;
  readonly context: McpContext;
}

const inputs = new WeakSet<object>();

/** Whether a parameter's value is an {@link InputParameter}, which only {@link parametersFactory} makes. */
export function isInputParameter(value: unknown): value is InputParameter {
  return typeof value === 'object' && value !== null && inputs.has(value);
}

/** Number of a method's parameters that get arguments. */
export function countInputParameters({ type, method }: Pick<MethodHost, 'type' | 'method'>): number {
  const parameters = (Reflect.getMetadata(PARAMETERS, type, method) ?? {}) as Record<string, Parameter>;
  return Object.keys(parameters).filter(
    (key) => !key.includes(CUSTOM_ROUTE_ARGS_METADATA) && INPUT_TYPES.has(Number(key.split(':')[0])),
  ).length;
}

/** Finds a parameter's value among the arguments. */
export const parametersFactory = {
  exchangeKeyForValue(kind: number, data: unknown, [context, input]: Arguments): unknown {
    if (kind === CONTEXT_PARAMETER || kind === (RouteParamtypes.REQUEST as number)) return context;
    const request = context as { readonly headers?: Record<string, unknown>; readonly ip?: string };
    if (kind === (RouteParamtypes.IP as number)) return request.ip;
    if (kind === (RouteParamtypes.HEADERS as number))
      return typeof data === 'string' ? request.headers?.[data.toLowerCase()] : { ...request.headers };
    const name = typeof data === 'string' ? data : undefined;
    const isThere = name === undefined || (isJsonObject(input) && Object.hasOwn(input, name));
    const value = name === undefined ? input : isThere ? (input as Record<string, unknown>)[name] : undefined;
    const parameter: InputParameter = { name, value, input, context };
    inputs.add(parameter);
    return parameter;
  },
};
