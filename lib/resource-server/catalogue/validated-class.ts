import { HttpException, ValidationPipe, type Type } from '@nestjs/common';
import type { Tool } from '@modelcontextprotocol/server';
import { findUnreadableDates, type PropertyTypes } from './class-dates.js';
import type { ArgumentsSchema, ToolSchema } from '../decorators/access-options.js';

type ObjectSchema = Tool['inputSchema'];
type SchemaGenerator = typeof import('class-validator-jsonschema');
type Transformations =
  | (NonNullable<Parameters<SchemaGenerator['validationMetadatasToSchemas']>[0]>['classTransformerMetadataStorage'] &
      PropertyTypes)
  | undefined;

const DEFINITIONS = '#/$defs/';

let generator: SchemaGenerator | undefined;
let transformations: Transformations;
let validators: typeof import('class-validator') | undefined;
let pipe: ValidationPipe | undefined;

/** Loads the optional packages for classes with decorators of `class-validator`. */
export async function loadClassValidation(): Promise<void> {
  generator ??= await loadOptional(() => import('class-validator-jsonschema'));
  validators ??= await loadOptional(() => import('class-validator'));
  // The module has no types. It is the only way to read the metadata of `@Type()`.
  const module = 'class-transformer/cjs/storage.js';
  const storage = await loadOptional(() => import(module) as Promise<{ defaultMetadataStorage?: Transformations }>);
  transformations = storage?.defaultMetadataStorage;
}

/** Whether the arguments are validated by a class instead of a schema. */
export function isValidatedClass(schema: ArgumentsSchema): schema is Type<object> {
  return typeof schema === 'function' && !('~standard' in (schema as unknown as Partial<ToolSchema>));
}

/**
 * Converts a class to the JSON Schema of an object.
 *
 * @throws Error with what is wrong and how to fix it
 */
export function generateSchema(type: Type<object>): ObjectSchema {
  const { name } = type;
  if (!generator) {
    throw new Error(
      'is a class. Its JSON Schema needs class-validator-jsonschema. Install it, with class-validator and class-transformer, or use a schema',
    );
  }
  const schemas = generator.validationMetadatasToSchemas({
    refPointerPrefix: DEFINITIONS,
    ...(transformations && { classTransformerMetadataStorage: transformations }),
  }) as Record<string, Record<string, unknown>>;
  const schema = schemas[name];
  if (!schema) throw new Error(`is ${name}, which has no decorators of class-validator. Add them, or use a schema`);
  const dates = validators && transformations ? findUnreadableDates(type, validators, transformations) : [];
  if (dates.length > 0)
    throw new Error(
      `has dates that nothing makes of the texts that clients send: ${dates.join(', ')}. Put @Type(() => Date) of class-transformer on each`,
    );
  const definitions: Record<string, unknown> = {};
  collect(schema, schemas, definitions);
  return {
    ...schema,
    type: 'object',
    ...(Object.keys(definitions).length > 0 && { $defs: definitions }),
  };
}

/** Collects the definitions that a schema refers to, over any number of steps. */
function collect(schema: unknown, from: Readonly<Record<string, unknown>>, definitions: Record<string, unknown>): void {
  for (const [, name] of JSON.stringify(schema).matchAll(/"#\/\$defs\/([^"]+)"/g)) {
    if (name === undefined || name in definitions || !(name in from)) continue;
    definitions[name] = from[name];
    collect(from[name], from, definitions);
  }
}

/** Validates arguments as Nest validates a body. Properties that the class lacks are dropped. */
export async function validateAsClass(
  metatype: Type<object>,
  args: unknown,
): Promise<{ readonly value: unknown } | { readonly problems: readonly string[] }> {
  pipe ??= new ValidationPipe({ transform: true, whitelist: true, forbidUnknownValues: true });
  try {
    return { value: await pipe.transform(structuredClone(args), { type: 'body', metatype }) };
  } catch (error) {
    return { problems: readMessages(error) };
  }
}

/** The messages of `ValidationPipe`. Any other error means that a transform failed on invalid arguments. */
function readMessages(error: unknown): readonly string[] {
  const answer = error instanceof HttpException ? error.getResponse() : undefined;
  const messages = typeof answer === 'object' ? (answer as { message?: unknown }).message : undefined;
  return Array.isArray(messages) ? messages.map(String) : ['could not be read'];
}

async function loadOptional<Loaded>(load: () => Promise<Loaded>): Promise<Loaded | undefined> {
  try {
    return await load();
  } catch {
    return undefined;
  }
}
