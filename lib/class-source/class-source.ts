import type { JsonObject } from '../json/json-object.js';
import { createMethodNames, toMethodName, toTypeName } from './identifiers.js';
import { SchemaTypes } from './schema-types.js';
import { comment, quote, writeKey } from './source-text.js';

const IMPORTED = ['Injectable', 'McpOpenApi', 'McpOperation', 'OperationCall'];

/** An operation that gets a method. */
export interface SourceOperation {
  /** Of the tool. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** What names the operation alone: its `operationId`, or method and path. */
  readonly selector: string;
  readonly description: string;
  /** A rule of scopes, as JSON. `undefined` if there is none. */
  readonly scopes: unknown;
  readonly input: JsonObject;
}

/** Writes a class with a typed method for each operation. It offers these operations and no others. */
export function writeClass(
  className: string,
  options: Readonly<Record<string, unknown>>,
  operations: readonly SourceOperation[],
): string {
  const types = new SchemaTypes([...IMPORTED, className]);
  const names = createMethodNames();
  const methods = operations.map((operation) => {
    const key = `${operation.method} ${operation.path}`;
    const input = types.declare(`${toTypeName(operation.name)}Input`, operation.input, key);
    const said = {
      description: operation.description,
      ...(operation.scopes !== undefined && { scopes: operation.scopes }),
    };
    return [
      comment(key, '  '),
      `  @McpOperation(${quote(operation.selector)}, ${writeValue(said, '  ')})\n`,
      `  ${names.take(toMethodName(operation.name), key)}(input: ${input}, call: OperationCall<${input}>) {\n`,
      '    return call(input);\n  }\n',
    ].join('');
  });
  const include = operations.map(({ selector }) => selector);
  return [
    "import { Injectable } from '@nestjs/common';\n",
    "import { McpOpenApi, McpOperation, type OperationCall } from 'nestjs-mcp-auth';\n\n",
    ...types.declarations.map((one) => `${one}\n`),
    `@Injectable()\n@McpOpenApi(${writeValue({ ...options, include }, '')})\nexport class ${className} {\n`,
    methods.join('\n'),
    '}\n',
  ].join('');
}

/** Writes a value of JSON as an expression. */
function writeValue(value: unknown, indent: string): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const inner = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map((one) => `${inner}${writeValue(one, inner)},\n`)
    : Object.entries(value).map(([key, one]) => `${inner}${writeKey(key)}: ${writeValue(one, inner)},\n`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return lines.length === 0 ? `${open}${close}` : `${open}\n${lines.join('')}${indent}${close}`;
}
