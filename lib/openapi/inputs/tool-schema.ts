import { fromJsonSchema } from '@modelcontextprotocol/server';
import type { JsonObject } from '../../json/json-object.js';
import type { ToolSchema } from '../../resource-server/decorators/access-options.js';

/** The schema of a tool from a JSON Schema. It is compiled when the first value is validated. */
export function toToolSchema(schema: JsonObject): ToolSchema {
  let compiled: ToolSchema | undefined;
  const describe = () => schema;
  return {
    '~standard': {
      version: 1,
      vendor: 'nestjs-mcp-auth',
      validate: (value) => (compiled ??= fromJsonSchema(schema))['~standard'].validate(value),
      jsonSchema: { input: describe, output: describe },
    },
  };
}
