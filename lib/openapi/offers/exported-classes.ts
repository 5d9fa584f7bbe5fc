import 'reflect-metadata';
import { Module, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { isJsonObject } from '../../json/json-object.js';
import { OPEN_API_OPTIONS_TOKEN, type FeatureOptions } from '../declaration/open-api-module-definition.js';
import { listFeatureDocuments, listOwnDocuments, type DeclaredDocument } from './open-api-classes.js';

/** A class with documents. */
export interface ExportedClass {
  readonly type: Type;
  readonly documents: readonly DeclaredDocument[];
}

/**
 * Finds the classes with `@McpOpenApi` among what a module of the application exports, and what
 * `McpOpenApiModule.forFeature` and `forFeatureAsync` returned.
 *
 * @throws Error if Nest cannot make the options of a feature
 */
export async function findExportedClasses(exported: readonly unknown[]): Promise<readonly ExportedClass[]> {
  const found: ExportedClass[] = [];
  for (const value of new Set(exported)) {
    const documents = typeof value === 'function' ? listOwnDocuments(value as Type) : undefined;
    if (documents) found.push({ type: value as Type, documents });
    for (const type of listProviders(value).filter(isFeatureClass))
      found.push(await readFeature(type, value as DynamicModule));
  }
  return found;
}

function listProviders(value: unknown): readonly Provider[] {
  return isJsonObject(value) && Array.isArray(value.providers) ? (value.providers as Provider[]) : [];
}

function isFeatureClass(provider: Provider): provider is Type {
  return typeof provider === 'function' && Reflect.hasMetadata(OPEN_API_OPTIONS_TOKEN, provider);
}

/** Stands for the module of a feature. */
@Module({})
class FeatureOptionsModule {}

/** Lets Nest make the options of a feature, without its class and what that needs. */
async function readFeature(type: Type, { imports = [], providers = [] }: DynamicModule): Promise<ExportedClass> {
  const context = await NestFactory.createApplicationContext(
    { module: FeatureOptionsModule, imports, providers: providers.filter((one) => one !== type) },
    { logger: false, abortOnError: false },
  );
  try {
    const given = context.get<FeatureOptions>(Reflect.getMetadata(OPEN_API_OPTIONS_TOKEN, type) as string);
    return { type, documents: listFeatureDocuments(given) };
  } finally {
    await context.close();
  }
}
