import 'reflect-metadata';
import { CUSTOM_ROUTE_ARGS_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
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

/** @throws {@link McpAuthConfigurationError} if a call of MCP has no value for a parameter, or must not have it */
export function refuseParameters({ type, method, decorator }: MethodHost): void {
  for (const [key, { data }] of Object.entries(readDecorated({ type, method }))) {
    const kind = readKind(key);
    if (!isCustom(key) && !SERVED_TYPES.has(kind)) {
      throw new McpAuthConfigurationError([
        `A parameter of ${describePlace({ type, method })} has ${DECORATORS[kind] ?? 'a decorator'}, for which ${decorator} has no value. Move this parameter into a method of its own.`,
      ]);
    }
    const header = readHeaderName(kind, data);
    if (header !== undefined && isCredentialHeader(header)) {
      throw new McpAuthConfigurationError([
        `A parameter of ${describePlace({ type, method })} is the header ${header}, which carries a credential. No tool gets one. Remove the parameter: @CurrentCaller() says who calls, and DownstreamClient calls APIs for them.`,
      ]);
    }
  }
}

/**
 * Declares a method's parameters to Nest: those with decorators, or else the input and then the context.
 *
 * @returns how many of them get arguments
 */
export function defineParameters({ type, method }: Pick<MethodHost, 'type' | 'method'>): number {
  const parameters: Record<string, Parameter> = { ...readDecorated({ type, method }) };
  const taken = new Set(Object.values(parameters).map(({ index }) => index));
  for (const [index, kind] of [RouteParamtypes.BODY, CONTEXT_PARAMETER].entries()) {
    if (!taken.has(index)) parameters[`${kind}:${index}`] = { index, data: undefined, pipes: [] };
  }
  Reflect.defineMetadata(PARAMETERS, parameters, type, method);
  return Object.keys(parameters).filter((key) => !isCustom(key) && INPUT_TYPES.has(readKind(key))).length;
}

/** Whether a decorator says what a parameter of a method is. */
export function hasDecoratedParameters({ type, method }: Pick<MethodHost, 'type' | 'method'>): boolean {
  return Object.keys(readDecorated({ type, method })).length > 0;
}

function readDecorated({ type, method }: Pick<MethodHost, 'type' | 'method'>): Readonly<Record<string, Parameter>> {
  return (Reflect.getMetadata(ROUTE_ARGS_METADATA, type, method) ?? {}) as Record<string, Parameter>;
}

/** Nest writes `<kind>:<index>`, and more before it for decorators of applications. */
function readKind(key: string): number {
  return Number(key.split(':')[0]);
}

function isCustom(key: string): boolean {
  return key.includes(CUSTOM_ROUTE_ARGS_METADATA);
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
