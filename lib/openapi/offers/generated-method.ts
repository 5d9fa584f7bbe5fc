import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import type { DownstreamClient } from '../../on-behalf-of/downstream/downstream-client.js';
import { Anonymous, ANONYMOUS } from '../../resource-server/decorators/anonymous.decorator.js';
import { MCP_TOOL, type McpToolOptions } from '../../resource-server/decorators/mcp-tool.decorator.js';
import type { McpOperationOptions } from '../declaration/mcp-operation.decorator.js';
import type { OperationCall } from '../declaration/operation-call.js';
import { toToolSchema } from '../inputs/tool-schema.js';
import { describeEffects } from '../operations/tool-annotations.js';
import { describeMeta } from '../operations/tool-meta.js';
import { describeTexts } from '../operations/tool-texts.js';
import { findAnswerSettings } from '../answers/answer-settings.js';
import { describeOutput, toOffered } from '../answers/output-schema.js';
import { createCall } from './create-call.js';
import type { CuratedMethod } from './curated-methods.js';
import type { OfferedOperation } from './offered-operation.js';
import type { SiblingOperations } from './sibling-operations.js';

type Method = (...args: never[]) => unknown;

const OFFERED_OPERATION = 'nestjs-mcp-auth:offered-operation';

/** The operation that a method of these was made for. */
export function findOfferedOperation(method: Method): OfferedOperation | undefined {
  return Reflect.getMetadata(OFFERED_OPERATION, method) as OfferedOperation | undefined;
}

/** Makes the method of an operation that nobody curates. */
export function generateMethod(
  offered: OfferedOperation,
  client: DownstreamClient,
  siblings: SiblingOperations,
): () => unknown {
  let call: OperationCall | undefined;
  const method = async (input: object) => (call ??= createCall(offered, client, siblings))(input);
  if (offered.isAnonymous) Anonymous()(method);
  return declareOperation(method, offered, offered.name, { ...describeTool(offered), ...describeAnswers(offered) });
}

/** A method of the application may change the answer. It says the schema of its own. */
function describeAnswers({ document, operation, options }: OfferedOperation): Pick<McpToolOptions, 'output'> {
  const output = describeOutput(document, operation, findAnswerSettings(options, operation));
  return output ? { output: toOffered(output) } : {};
}

/**
 * Makes the method of an operation that the application curates. All decorators of the application's method apply to it.
 *
 * @param curated - the method of the class, and what it says in place of the document
 */
export function generateCurated(
  offered: OfferedOperation,
  client: DownstreamClient,
  { type, name, handler, options }: CuratedMethod,
  siblings: SiblingOperations,
): () => unknown {
  const call = createCall(offered, client, siblings, options.answers);
  const place = findCallParameter(type, name);
  const method = function (this: Readonly<Record<string, typeof handler>>, ...args: unknown[]) {
    const own = this[name] as typeof handler;
    return own.apply(this, args.length > place ? args.with(place, call) : [...args, call]);
  };
  for (const key of Reflect.getMetadataKeys(handler) as unknown[])
    Reflect.defineMetadata(key, Reflect.getMetadata(key, handler), method);
  if (offered.isAnonymous) Anonymous()(method);
  const { scopes, ...open } = describeCurated(offered, options);
  const isSecured = scopes !== undefined && !isOpened(method, options);
  return declareOperation(method, offered, name, { ...open, ...(isSecured && { scopes }) });
}

/** Whether the application opens the operation, whatever the document demands. */
function isOpened(method: object, { scopes }: McpOperationOptions): boolean {
  return scopes === undefined && Reflect.getMetadata(ANONYMOUS, method) === true;
}

/** What a curated operation is as a tool: as the application says, else as the document says. */
function describeCurated(offered: OfferedOperation, options: McpOperationOptions): McpToolOptions {
  const { downstream = [], answers: _answers, ...own } = options;
  const said = Object.fromEntries(Object.entries<unknown>(own).filter(([, value]) => value !== undefined));
  return {
    ...describeTool(offered),
    ...said,
    downstream: [...new Set([offered.options.downstream, downstream].flat())],
  };
}

/**
 * Finds the parameter for the call: the second one, or the first after it that has no decorator.
 *
 * @returns its index
 */
function findCallParameter(type: Type, method: string): number {
  const decorated = (Reflect.getMetadata(ROUTE_ARGS_METADATA, type, method) ?? {}) as Record<string, { index: number }>;
  const taken = new Set(Object.values(decorated).map(({ index }) => index));
  let place = 1;
  while (taken.has(place)) place += 1;
  return place;
}

/** Makes a function a tool. Interceptors and logs tell methods by the name of their function. */
function declareOperation(
  method: Method,
  offered: OfferedOperation,
  name: string,
  options: McpToolOptions,
): () => unknown {
  Reflect.defineMetadata(OFFERED_OPERATION, offered, method);
  Object.defineProperty(method, 'name', { value: name, configurable: true });
  Reflect.defineMetadata(MCP_TOOL, options, method);
  return method;
}

/** What an operation is as a tool. */
function describeTool(offered: OfferedOperation): McpToolOptions {
  const { name, operation, scopes, options } = offered;
  const { title, description } = describeTexts(operation, options);
  const meta = describeMeta(operation);
  return {
    name,
    ...(title !== undefined && { title }),
    description,
    input: toToolSchema(
      () => offered.input.schema,
      () => offered.input.unnamed,
    ),
    annotations: describeEffects(operation),
    ...(meta && { meta }),
    downstream: options.downstream,
    ...(scopes && { scopes }),
    ...(options.server !== undefined && { server: options.server }),
  };
}
