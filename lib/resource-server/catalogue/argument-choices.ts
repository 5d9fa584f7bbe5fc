import type { toObjectSchema } from './arguments-schema.js';

/** Lists the texts that a schema enumerates, by argument. Clients complete arguments with them. */
export function listChoices({
  properties = {},
}: Pick<ReturnType<typeof toObjectSchema>, 'properties'>): ReadonlyMap<string, readonly string[]> {
  const choices = new Map<string, readonly string[]>();
  for (const [name, schema] of Object.entries(properties as Record<string, { readonly enum?: readonly unknown[] }>)) {
    const texts = schema.enum?.filter((value) => typeof value === 'string') ?? [];
    if (texts.length > 0) choices.set(name, texts);
  }
  return choices;
}
