import type { StandardSchemaV1, Tool } from '@modelcontextprotocol/server';
import type { ArgumentsSchema, ToolSchema } from '../decorators/access-options.js';
import { describeForeign, sayHowToDescribe } from './foreign-schemas.js';
import { describeWire, validateWire } from './wire-values.js';
import { isValidatedClass, generateSchema, validateAsClass } from './validated-class.js';

type ObjectSchema = Tool['inputSchema'];

/** Vendor of the schemas that this package makes from JSON Schema, so that they can be described at any time. */
export const OWN_VENDOR = 'nestjs-mcp-auth';

/** How many problems with arguments a client is told of. A body can have as many as it has characters. */
const MAX_PROBLEMS = 20;

/** Characters of a problem. Schemas repeat what they were given. */
const MAX_LENGTH = 300;

/**
 * Converts a schema to the JSON Schema of an object (JSON Schema 2020-12, the default of MCP).
 *
 * @throws Error with what is wrong and how to fix it
 */
export function toObjectSchema(schema: ArgumentsSchema, direction: 'input' | 'output'): ObjectSchema {
  if (isValidatedClass(schema)) return generateSchema(schema);
  // The types require it, but plain JavaScript and older schema libraries may lack it.
  const { vendor, jsonSchema } = schema['~standard'] as Partial<ToolSchema['~standard']>;
  const convert = jsonSchema?.[direction];
  if (!convert) throw new Error(`cannot describe itself as JSON Schema. ${sayHowToDescribe(vendor ?? '')}`);
  const converted = describe(schema, direction, convert);
  if (converted.type !== 'object')
    throw new Error('does not describe an object. Wrap it, for example in z.object({ … })');
  return converted as ObjectSchema;
}

function describe(
  schema: ToolSchema,
  direction: 'input' | 'output',
  convert: ToolSchema['~standard']['jsonSchema']['input'],
): Record<string, unknown> {
  try {
    return describeForeign(schema['~standard'].vendor, direction, convert);
  } catch (error) {
    const described = describeWire(schema, direction);
    if (!described) throw error;
    return described;
  }
}

/** Whether a schema is one of {@link OWN_VENDOR}. */
export function isOwnSchema(schema: ArgumentsSchema): boolean {
  return !isValidatedClass(schema) && schema['~standard'].vendor === OWN_VENDOR;
}

/** Validated arguments, or one line for each problem with them: of the first ones, and cut. */
export type Parsed = { readonly value: unknown } | { readonly problems: readonly string[] };

/** Validates arguments. Without a schema the result is an empty object. */
export async function parseWith(schema: ArgumentsSchema | undefined, args: unknown): Promise<Parsed> {
  if (!schema) return { value: {} };
  if (isValidatedClass(schema)) {
    const result = await validateAsClass(schema, args);
    return 'value' in result ? result : { problems: listProblems(result.problems, (problem) => problem) };
  }
  const result = await validate(schema, args);
  if (!result.issues) return { value: result.value };
  const describe = ({ path = [], message }: StandardSchemaV1.Issue) => {
    const at = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    return `${at ? `${at}: ` : ''}${message}`;
  };
  return { problems: listProblems(result.issues, describe) };
}

function listProblems<Problem>(problems: readonly Problem[], describe: (problem: Problem) => string): string[] {
  const lines = problems.slice(0, MAX_PROBLEMS).map((problem) => {
    const text = describe(problem);
    return `- ${text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text}`;
  });
  return problems.length > MAX_PROBLEMS ? [...lines, `- and ${problems.length - MAX_PROBLEMS} more`] : lines;
}

/** If a transform of the application throws, the arguments count as invalid. */
function validate(schema: ToolSchema, args: unknown) {
  const unreadable = () => ({ issues: [{ message: 'could not be read', path: [] }] });
  try {
    const result = validateWire(schema, args, 'input');
    return result instanceof Promise ? result.catch(unreadable) : result;
  } catch {
    return unreadable();
  }
}
