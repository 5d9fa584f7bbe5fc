import { z } from 'zod';
import type { ArgumentsSchema, ToolSchema } from '../decorators/access-options.js';
import { isValidatedClass } from './validated-class.js';
import { isZod } from './wire-values.js';

/** What a schema of zod is made of. Which members there are depends on its type. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly catchall?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly items?: readonly z.core.$ZodType[];
  readonly rest?: z.core.$ZodType | null;
  readonly keyType?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly values?: readonly unknown[];
  readonly defaultValue?: unknown;
}

type WithMetadata = z.core.$ZodType & { readonly meta?: () => unknown };

/** Types without parts that JSON has values for, and those that are texts on the wire. */
const SIMPLE_TYPES: ReadonlySet<string> = new Set([
  'any',
  'bigint',
  'boolean',
  'date',
  'enum',
  'never',
  'null',
  'number',
  'string',
  'unknown',
]);

/** Metadata that say nothing to this package, and are texts. */
const TEXTS: ReadonlySet<string> = new Set(['title', 'description']);

/**
 * Whether a schema is an object of zod that certainly has a JSON Schema, and marks no argument as a header. To describe it
 * takes long, and can wait until somebody asks. Of all others, only the description tells whether they are right.
 */
export function isPlainSchema(schema: ArgumentsSchema, direction: 'input' | 'output'): boolean {
  if (isValidatedClass(schema) || !isZod(schema) || schema._zod.def.type !== 'object') return false;
  if (!isDescribable(schema, direction)) return false;
  try {
    return isPlain(schema, new Set());
  } catch {
    // A getter of the application has thrown. It does so again when the schema is described.
    return false;
  }
}

/** Whether a schema describes itself: those of versions before 4.2 and of `zod/mini` do not. */
function isDescribable(schema: ToolSchema & WithMetadata, direction: 'input' | 'output'): boolean {
  // zod makes each member of a schema that is read. To look whether there is one costs a fraction.
  if (isSharedBy(schema)) return 'meta' in schema;
  const { jsonSchema } = schema['~standard'] as Partial<ToolSchema['~standard']>;
  return typeof jsonSchema?.[direction] === 'function' && typeof schema.meta === 'function';
}

/** @param seen - objects, which may be parts of themselves */
function isPlain(schema: z.core.$ZodType, seen: Set<z.core.$ZodType>): boolean {
  // Those that it is a copy of have the same parts.
  for (let one: z.core.$ZodType | undefined = schema; one; one = one._zod.parent)
    if (one._zod.toJSONSchema !== undefined || !hasPlainMetadata(one)) return false;
  const { def } = schema._zod;
  if (SIMPLE_TYPES.has(def.type)) return true;
  const definition = def as unknown as Definition;
  switch (def.type) {
    case 'literal':
      return (definition.values ?? []).every(isJsonPrimitive);
    case 'object':
      if (seen.has(schema)) return true;
      seen.add(schema);
      return arePlain(Object.values(definition.shape ?? {}), seen) && isPlainPart(definition.catchall, seen);
    case 'array':
      return isPlainPart(definition.element, seen);
    case 'tuple':
      return arePlain(definition.items ?? [], seen) && isPlainPart(definition.rest, seen);
    case 'record':
      return isPlainPart(definition.keyType, seen) && isPlainPart(definition.valueType, seen);
    case 'union':
      return arePlain(definition.options ?? [], seen);
    case 'default':
      return isJsonPrimitive(definition.defaultValue) && isPlainPart(definition.innerType, seen);
    case 'nonoptional':
    case 'nullable':
    case 'optional':
    case 'readonly':
      return isPlainPart(definition.innerType, seen);
    default:
      return false;
  }
}

function isPlainPart(part: z.core.$ZodType | null | undefined, seen: Set<z.core.$ZodType>): boolean {
  return !part || isPlain(part, seen);
}

function arePlain(parts: readonly z.core.$ZodType[], seen: Set<z.core.$ZodType>): boolean {
  return parts.every((part) => isPlain(part, seen));
}

/**
 * Other metadata become part of the description. The application may have an older copy of zod, which keeps them itself.
 * Those of a parent count, too. They are looked at with the parent.
 */
function hasPlainMetadata(schema: WithMetadata): boolean {
  const isShared = isSharedBy(schema);
  if (isShared && !z.globalRegistry.has(schema)) return true;
  if (!isShared && typeof schema.meta !== 'function') return false;
  // zod binds `meta` to each schema that it is read of. That takes longer than to look it up.
  const metadata = ((isShared ? z.globalRegistry.get(schema) : schema.meta?.()) ?? {}) as Readonly<
    Record<string, unknown>
  >;
  for (const key in metadata) if (!TEXTS.has(key) || typeof metadata[key] !== 'string') return false;
  return true;
}

const OWN_VERSION: Readonly<Record<'major' | 'minor', number>> = z.core.version;

/** Whether the copy of zod that made a schema keeps metadata where ours does. Newer copies do. */
function isSharedBy({ _zod: { version } }: z.core.$ZodType): boolean {
  const { major, minor }: typeof OWN_VERSION = version;
  return major === OWN_VERSION.major && minor >= OWN_VERSION.minor;
}

function isJsonPrimitive(value: unknown): boolean {
  return typeof value === 'number'
    ? Number.isFinite(value)
    : value === null || typeof value === 'string' || typeof value === 'boolean';
}
