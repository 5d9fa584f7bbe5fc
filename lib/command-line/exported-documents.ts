import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Type } from '@nestjs/common';
import type { McpAuthModuleOptions } from '../configuration/mcp-auth-options.js';
import { resolveOptions } from '../configuration/resolve-options.js';
import { isJsonObject } from '../json/json-object.js';
import type { McpOpenApiOptions } from '../openapi/declaration/open-api-options.js';
import { findExportedClasses, type ExportedClass } from '../openapi/offers/exported-classes.js';
import { listOwnDocuments } from '../openapi/offers/open-api-classes.js';
import type { ResolvedOptions } from '../options/resolved-options.js';

/** Options of `@McpOpenApi`, not checked yet, and whose they are. */
export interface ExportedDocument {
  /** For messages: `OrdersApi`, or `options`. */
  readonly name: string;
  readonly options: Partial<McpOpenApiOptions>;
}

/** The documents of a class. */
export interface DocumentsOfClass {
  /** `Object` for options without a class. */
  readonly type: Type;
  readonly documents: readonly ExportedDocument[];
}

/** What is looked over. */
export interface ExportedDocuments {
  readonly classes: readonly DocumentsOfClass[];
  /** By name. Empty if they are not known. */
  readonly downstreams: ResolvedOptions['downstreams'];
}

/** The exports of a module of the application. */
export async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  const exported = (await import(pathToFileURL(resolve(path)).href)) as Readonly<Record<string, unknown>>;
  // A CommonJS module that was compiled from an ES module nests its exports in the default one.
  const { default: byDefault } = exported;
  return isJsonObject(byDefault) && byDefault.__esModule === true ? { ...byDefault, ...exported } : exported;
}

/**
 * Reads what a module exports: classes with `@McpOpenApi` and what `McpOpenApiModule.forFeature` returned, or else options,
 * as `options` or by default. Options may be a list, or a function that returns them. The downstreams are those of
 * `mcpAuthOptions`, the options of the module, if it exports them.
 *
 * @throws Error if there are no documents
 * @throws {@link McpAuthConfigurationError} if the options of the module are not valid
 */
export async function readExportedDocuments(path: string): Promise<ExportedDocuments> {
  const exported = await importModule(path);
  const { downstreams } = await readModuleOptions(exported.mcpAuthOptions);
  const classes = await findExportedClasses(Object.values(exported).flat());
  if (classes.length > 0) return { classes: classes.map(nameDocuments), downstreams };
  const compiled = isJsonObject(exported.default) ? exported.default.default : undefined;
  const all: readonly unknown[] = [await call(exported.options ?? compiled ?? exported.default)].flat();
  if (!all.every(isJsonObject) || all.length === 0)
    throw new Error('The module exports neither a class with @McpOpenApi nor its options. Export one of the two');
  const documents = all.map((options, index) => ({
    name: all.length > 1 ? `options[${index}]` : 'options',
    options,
  }));
  return { classes: [{ type: Object, documents }], downstreams };
}

function nameDocuments({ type, documents }: ExportedClass): DocumentsOfClass {
  const isFeature = listOwnDocuments(type) === undefined;
  return { type, documents: documents.map(({ place, options }) => ({ name: isFeature ? place : type.name, options })) };
}

async function readModuleOptions(exported: unknown): Promise<Pick<ResolvedOptions, 'downstreams'>> {
  if (exported === undefined) return { downstreams: new Map() };
  return resolveOptions((await call(exported)) as McpAuthModuleOptions);
}

async function call(value: unknown): Promise<unknown> {
  return typeof value === 'function' ? await (value as () => unknown)() : value;
}
