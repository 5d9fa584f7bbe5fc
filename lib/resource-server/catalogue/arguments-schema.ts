import type { Tool } from '@modelcontextprotocol/server';
import type { ArgumentsSchema, ToolSchema } from '../decorators/access-options.js';
import { isValidatedClass, generateSchema, validateAsClass } from './validated-class.js';

type ObjectSchema = Tool['inputSchema'];

/**
 * Converts a schema to the JSON Schema of an object (JSON Schema 2020-12, the default of MCP).
 *
 * @throws Error with what is wrong and how to fix it
 */
export function toObjectSchema(schema: ArgumentsSchema, direction: 'input' | 'output'): ObjectSchema {
  if (isValidatedClass(schema)) return generateSchema(schema);
  // The types require it, but plain JavaScript and older schema libraries may lack it.
  const convert = (schema['~standard'] as Partial<ToolSchema['~standard']>).jsonSchema?.[direction];
  if (!convert)
    throw new Error(
      'cannot describe itself as JSON Schema. Use zod 4.2 or later, or another library with Standard JSON Schema',
    );
  const converted = convert({ target: 'draft-2020-12' });
  if (converted.type !== 'object')
    throw new Error('does not describe an object. Wrap it, for example in z.object({ … })');
  return converted as ObjectSchema;
}

/** Validated arguments, or one line for each problem with them. */
export type Parsed = { readonly value: unknown } | { readonly problems: readonly string[] };

/** Validates arguments. Without a schema the result is an empty object. */
export async function parseWith(schema: ArgumentsSchema | undefined, args: unknown): Promise<Parsed> {
  if (!schema) return { value: {} };
  if (isValidatedClass(schema)) return await validateAsClass(schema, args);
  const result = await validate(schema, args);
  if (!result.issues) return { value: result.value };
  return {
    problems: result.issues.map(({ path = [], message }) => {
      const at = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
      return `- ${at ? `${at}: ` : ''}${message}`;
    }),
  };
}

/** If a transform of the application throws, the arguments count as invalid. */
async function validate(schema: ToolSchema, args: unknown) {
  try {
    return await schema['~standard'].validate(args);
  } catch {
    return { issues: [{ message: 'could not be read', path: [] }] };
  }
}
