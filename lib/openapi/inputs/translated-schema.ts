import type { JsonObject } from '../../json/json-object.js';

/**
 * A schema as {@link SchemaTranslator} makes it, and {@link SchemaWriter} reads it. Its `$ref` is the place of a
 * definition, its properties have the keys of the API, and `withheld` lists those that are left out. One that says nothing
 * allows everything.
 */
export type Schema = JsonObject;

/** Arguments have no `readOnly` properties, and results no `writeOnly` ones. */
export type Direction = 'input' | 'output';
