import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import type { ToolSchema } from '../../resource-server/decorators/access-options.js';
import { accepts, toToolSchema } from '../inputs/tool-schema.js';
import type { OperationInput } from '../inputs/operation-input.js';
import type { ResourceVariable } from './resource-uris.js';

/** The schema of a template's variables. It makes the arguments of the operation of them. */
export function toResourceSchema(
  { schema }: Pick<OperationInput, 'schema'>,
  variables: readonly ResourceVariable[],
): ToolSchema {
  const whole = toToolSchema(() => schema);
  const definitions = isJsonObject(schema.$defs) ? schema.$defs : {};
  const describe = () => describeVariables(variables);
  return {
    '~standard': {
      version: 1,
      vendor: 'nestjs-mcp-auth',
      validate: (values) => whole['~standard'].validate(toArguments(values as JsonObject, variables, definitions)),
      jsonSchema: { input: describe, output: describe },
    },
  };
}

function describeVariables(variables: readonly ResourceVariable[]): JsonObject {
  const describe = ({ choices, schema: { description } }: ResourceVariable): JsonObject => ({
    type: 'string',
    ...(typeof description === 'string' && { description }),
    ...(choices.length > 0 && { enum: choices }),
  });
  return {
    type: 'object',
    properties: Object.fromEntries(variables.map((one) => [one.name, describe(one)])),
    required: variables.map(({ name }) => name),
    additionalProperties: false,
  };
}

function toArguments(values: JsonObject, variables: readonly ResourceVariable[], definitions: JsonObject): JsonObject {
  return Object.fromEntries(
    variables.map(({ name, key, schema }) => [key, toValue(values[name], schema, definitions)]),
  );
}

/** The first reading of a text that its schema accepts. Numbers have to be spelled as JSON spells them. */
function toValue(text: unknown, schema: JsonObject, definitions: JsonObject): unknown {
  const number = Number(text);
  const readings: unknown[] = [
    text,
    ...(String(number) === text ? [number] : []),
    ...(text === 'true' || text === 'false' ? [text === 'true'] : []),
  ];
  return readings.find((one) => accepts(schema, definitions, one)) ?? text;
}
