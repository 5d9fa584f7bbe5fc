import { fromJsonSchema } from '@modelcontextprotocol/server';
import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { OWN_VENDOR } from '../../resource-server/catalogue/arguments-schema.js';
import type { ToolSchema } from '../../resource-server/decorators/access-options.js';

/**
 * The schema of a tool from a JSON Schema. It is compiled when the first value is validated.
 *
 * @param describe - returns the JSON Schema. Called when it is first needed
 * @param listKeys - returns the keys of the arguments, if the schema does not name them
 */
export function toToolSchema(
  describe: () => JsonObject,
  listKeys: () => ReadonlySet<string> | undefined = () => undefined,
): ToolSchema {
  let compiled: ToolSchema | undefined;
  return {
    '~standard': {
      version: 1,
      vendor: OWN_VENDOR,
      validate: (value) => {
        const keys = listKeys();
        const unknown = keys && isJsonObject(value) ? Object.keys(value).filter((key) => !keys.has(key)) : [];
        if (unknown.length > 0) return { issues: unknown.map((key) => ({ message: 'is no argument', path: [key] })) };
        return (compiled ??= fromJsonSchema(describe()))['~standard'].validate(value);
      },
      jsonSchema: { input: describe, output: describe },
    },
  };
}

const compiledChoices = new WeakMap<JsonObject, ToolSchema>();

/**
 * Whether a value fits a part of a schema.
 *
 * @param $defs - the definitions of that schema
 */
export function accepts(part: JsonObject, $defs: JsonObject, value: unknown): boolean {
  let known = compiledChoices.get(part);
  if (!known) compiledChoices.set(part, (known = toToolSchema(() => ({ ...part, $defs }))));
  const result = known['~standard'].validate(value);
  return !('then' in result) && result.issues === undefined;
}
