import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import { HAS_OPERATIONS, MCP_OPERATION, type CuratedOperation } from '../declaration/mcp-operation.decorator.js';
import type { ApiOperation, OperationIdentity } from '../operations/api-operation.js';
import { matchesOperation } from '../operations/operation-choice.js';

/** A method with `@McpOperation`. */
export interface CuratedMethod extends CuratedOperation {
  readonly type: Type;
  readonly name: string;
  readonly handler: (...args: unknown[]) => unknown;
}

/** Finds the methods with `@McpOperation` of a class and of its parents. */
export function listCuratedMethods(type: Type): readonly CuratedMethod[] {
  if (!Reflect.hasMetadata(HAS_OPERATIONS, type)) return [];
  const prototype = type.prototype as Record<string, (...args: unknown[]) => unknown>;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name];
    const declared = handler && (Reflect.getMetadata(MCP_OPERATION, handler) as CuratedOperation | undefined);
    return handler && declared ? [{ ...declared, type, name, handler }] : [];
  });
}

/** The methods of a class, and the operations whose places they take. */
export class CuratedOperations {
  readonly #taken = new Map<CuratedMethod, ApiOperation[]>();

  /** @param methods - those of one class */
  constructor(methods: readonly CuratedMethod[]) {
    for (const method of methods) this.#taken.set(method, []);
  }

  /** Finds the method that takes the place of an operation that is offered. */
  take(operation: ApiOperation): CuratedMethod | undefined {
    const [first, ...others] = [...this.#taken].filter(([method]) => matchesOperation(method.operation, operation));
    for (const [, operations] of first ? [first, ...others] : []) operations.push(operation);
    return first?.[0];
  }

  /** Finds methods that take the place of no operation, of several, or of one that another method has. */
  listProblems(): readonly string[] {
    const problems: string[] = [];
    const owners = new Map<ApiOperation, CuratedMethod>();
    for (const [method, operations] of this.#taken) {
      const [operation, ...others] = operations;
      const place = `@McpOperation on ${method.type.name}.${method.name}`;
      if (!operation) {
        problems.push(
          `${place} names "${method.operation}", which no document of the class offers. Check its spelling, and what \`include\` and \`exclude\` leave out.`,
        );
      } else if (others.length > 0) {
        problems.push(
          `${place} names "${method.operation}", which is several operations: ${operations.slice(0, 5).map(describe).join(', ')}. Name one by its method and path.`,
        );
      } else {
        const owner = owners.get(operation);
        if (owner) {
          problems.push(
            `Two methods take the place of ${describe(operation)}: ${owner.type.name}.${owner.name} and ${method.type.name}.${method.name}. Remove one.`,
          );
        }
        owners.set(operation, method);
      }
    }
    return problems;
  }
}

function describe({ method, path }: OperationIdentity): string {
  return `${method} ${path}`;
}

/** A method whose class has no document. */
export function describeStray({ type, name }: CuratedMethod): string {
  return `@McpOperation on ${type.name}.${name} has no document. Add @McpOpenApi to ${type.name}, or name the class as \`api\` of McpOpenApiModule.forFeature and do not provide it elsewhere.`;
}
