import 'reflect-metadata';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Type } from '@nestjs/common';
import { isJsonObject } from '../json/json-object.js';
import { MCP_OPEN_API } from '../openapi/declaration/mcp-open-api.decorator.js';
import type { McpOpenApiOptions } from '../openapi/declaration/open-api-options.js';

/** Options of `@McpOpenApi`, not checked yet, and whose they are. */
export interface ExportedDocument {
  /** For messages: `OrdersApi`, or `options`. */
  readonly name: string;
  /** The class that declares them. */
  readonly type: Type | undefined;
  readonly options: Partial<McpOpenApiOptions>;
}

/** The exports of a module of the application. */
export async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  const exported = (await import(pathToFileURL(resolve(path)).href)) as Readonly<Record<string, unknown>>;
  // A CommonJS module that was compiled from an ES module nests its exports in the default one.
  const { default: byDefault } = exported;
  return isJsonObject(byDefault) && byDefault.__esModule === true ? { ...byDefault, ...exported } : exported;
}

/**
 * Reads what a module exports: classes with `@McpOpenApi`, or else options, as `options` or by default. Options may be a
 * list, or a function that returns them.
 *
 * @throws Error if there is neither
 */
export async function readExportedDocuments(path: string): Promise<readonly ExportedDocument[]> {
  const exported = await importModule(path);
  const classes = [...new Set(Object.values(exported).flat())].flatMap((one): ExportedDocument[] => {
    if (typeof one !== 'function') return [];
    const options = Reflect.getMetadata(MCP_OPEN_API, one) as McpOpenApiOptions | undefined;
    return options ? [{ name: one.name, type: one as Type, options }] : [];
  });
  if (classes.length > 0) return classes;
  const compiled = isJsonObject(exported.default) ? exported.default.default : undefined;
  const found = exported.options ?? compiled ?? exported.default;
  const value: unknown = typeof found === 'function' ? await (found as () => unknown)() : found;
  const all: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!all.every(isJsonObject) || all.length === 0)
    throw new Error('The module exports neither a class with @McpOpenApi nor its options. Export one of the two');
  return all.map((options, index) => ({
    name: all.length > 1 ? `options[${index}]` : 'options',
    type: undefined,
    options,
  }));
}
