import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../json/json-object.js';
import { Identifiers, toTypeName } from './identifiers.js';
import { comment, quote, writeKey } from './source-text.js';

const PREFIX = '#/$defs/';

/** Writes types for the JSON Schemas of tools. They have few keywords, so no library is needed that reads them all. */
export class SchemaTypes {
  readonly #names: Identifiers;
  /** Names of types by what they say. */
  readonly #known = new Map<string, string>();
  readonly #declarations: string[] = [];

  /** @param taken - names that mean something else */
  constructor(taken: readonly string[]) {
    this.#names = new Identifiers(taken);
  }

  /** All types that were written. */
  get declarations(): readonly string[] {
    return this.#declarations;
  }

  /**
   * Writes the type of the arguments of an operation.
   *
   * @param key - tells the operation from others
   * @returns its name
   */
  declare(wanted: string, schema: JsonObject, key: string): string {
    const name = this.#names.take(toTypeName(wanted), key);
    const definitions = isJsonObject(schema.$defs) ? schema.$defs : {};
    const types = new Map<string, string>();
    for (const one of Object.keys(definitions)) types.set(one, this.#declareDefinition(one, definitions, types, key));
    const writer = new TypeWriter(definitions, types);
    this.#declarations.push(
      `${writer.describe(schema, '')}export type ${name} = ${writer.write({ ...schema, $defs: undefined }, '')};\n`,
    );
    return name;
  }

  /** Operations share a definition if all that it reaches is the same. */
  #declareDefinition(name: string, definitions: JsonObject, types: Map<string, string>, key: string): string {
    const known = types.get(name);
    if (known !== undefined) return known;
    const reached = listReached(name, definitions);
    const text = JSON.stringify(reached.map((one) => [one, definitions[one]]));
    const shared = this.#known.get(text);
    if (shared !== undefined) return shared;
    const digest = createHash('sha256').update(`${key} ${text}`).digest('hex');
    const type = this.#names.take(toTypeName(name), digest);
    this.#known.set(text, type);
    types.set(name, type);
    for (const one of reached) types.set(one, this.#declareDefinition(one, definitions, types, key));
    const writer = new TypeWriter(definitions, types);
    const schema = definitions[name];
    const described = isJsonObject(schema) ? writer.describe(schema, '') : '';
    this.#declarations.push(`${described}export type ${type} = ${writer.write(schema, '', name)};\n`);
    return type;
  }
}

/** The definition itself first, then all that it refers to. */
function listReached(name: string, definitions: JsonObject): readonly string[] {
  const reached = new Set([name]);
  for (const one of reached)
    for (const other of listReferences(definitions[one])) if (Object.hasOwn(definitions, other)) reached.add(other);
  return [name, ...[...reached].filter((one) => one !== name).sort()];
}

function listReferences(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(listReferences);
  if (!isJsonObject(value)) return [];
  const own = typeof value.$ref === 'string' ? [value.$ref.slice(PREFIX.length)] : [];
  return [...own, ...Object.values(value).flatMap(listReferences)];
}

/** Writes types with the definitions of one schema. */
class TypeWriter {
  constructor(
    private readonly definitions: JsonObject,
    private readonly types: ReadonlyMap<string, string>,
  ) {}

  describe({ description }: JsonObject, indent: string): string {
    return typeof description === 'string' ? comment(description, indent) : '';
  }

  /** @param head - the definition that is written, as long as no object or list is around */
  write(schema: unknown, indent: string, head?: string): string {
    if (!isJsonObject(schema)) return schema === false ? 'never' : 'unknown';
    if (isJsonObject(schema.not) && Object.keys(schema.not).length === 0) return 'never';
    const parts = [
      ...(typeof schema.$ref === 'string' ? [this.#refer(schema.$ref, head)] : []),
      ...this.#writeValues(schema, indent),
      ...['anyOf', 'oneOf'].flatMap((keyword) => {
        const list = schema[keyword];
        return Array.isArray(list)
          ? [
              join(
                list.map((one) => this.write(one, indent, head)),
                ' | ',
              ),
            ]
          : [];
      }),
      ...(Array.isArray(schema.allOf) ? schema.allOf.map((one) => this.write(one, indent, head)) : []),
    ].filter((part) => part !== 'unknown');
    return parts.length === 0 ? 'unknown' : join(parts, ' & ');
  }

  /** An alias that is itself, without an object or a list around it, is no type. */
  #refer(reference: string, head: string | undefined): string {
    const name = reference.slice(PREFIX.length);
    if (head !== undefined && this.#listHeads(name).has(head)) return 'unknown';
    return this.types.get(name) ?? 'unknown';
  }

  #listHeads(name: string): ReadonlySet<string> {
    const heads = new Set([name]);
    for (const one of heads) for (const other of listHeads(this.definitions[one])) heads.add(other);
    return heads;
  }

  #writeValues(schema: JsonObject, indent: string): readonly string[] {
    const types = schema.type === undefined ? undefined : [schema.type].flat();
    const values =
      'const' in schema ? [schema.const] : Array.isArray(schema.enum) ? (schema.enum as unknown[]) : undefined;
    if (values) {
      const fitting = values.filter((value) => !types || types.some((type) => isOfType(value, type)));
      return [join(fitting.map(writeLiteral), ' | ')];
    }
    return types
      ? [
          join(
            types.map((type) => this.#writeType(type, schema, indent)),
            ' | ',
          ),
        ]
      : [];
  }

  #writeType(type: unknown, schema: JsonObject, indent: string): string {
    if (type === 'object') return this.#writeObject(schema, indent);
    if (type === 'array') return `${wrap(this.write(schema.items ?? {}, indent))}[]`;
    if (type === 'integer' || type === 'number') return 'number';
    return type === 'string' || type === 'boolean' || type === 'null' ? type : 'unknown';
  }

  #writeObject({ properties, required, additionalProperties }: JsonObject, indent: string): string {
    const members = Object.entries(isJsonObject(properties) ? properties : {});
    const needed = new Set(Array.isArray(required) ? (required as string[]) : []);
    const inner = `${indent}  `;
    const types = members.map(([key, schema]) => ({ key, schema, type: this.write(schema, inner) }));
    const lines = types.map(({ key, schema, type }) => {
      const described = isJsonObject(schema) ? this.describe(schema, inner) : '';
      return `${described}${inner}${writeKey(key)}${needed.has(key) ? '' : '?'}: ${type};\n`;
    });
    const isOpen = isJsonObject(additionalProperties);
    if (members.length === 0 && additionalProperties !== false && !isOpen) return '{ [key: string]: unknown }';
    if (isOpen) {
      const optional = types.some(({ key }) => !needed.has(key)) ? ['undefined'] : [];
      const others = [this.write(additionalProperties, inner), ...types.map(({ type }) => type), ...optional];
      lines.push(`${inner}[key: string]: ${others.includes('unknown') ? 'unknown' : join(others, ' | ')};\n`);
    }
    return lines.length === 0 ? '{ [key: string]: never }' : `{\n${lines.join('')}${indent}}`;
  }
}

/** Definitions that a type is, without an object or a list around them. */
function listHeads(schema: unknown): readonly string[] {
  if (!isJsonObject(schema)) return [];
  const own = typeof schema.$ref === 'string' ? [schema.$ref.slice(PREFIX.length)] : [];
  return [
    ...own,
    ...['anyOf', 'oneOf', 'allOf'].flatMap((one) => (Array.isArray(schema[one]) ? schema[one].flatMap(listHeads) : [])),
  ];
}

function writeLiteral(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'number';
  if (Array.isArray(value)) return `[${value.map(writeLiteral).join(', ')}]`;
  if (!isJsonObject(value)) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, one]) => `${writeKey(key)}: ${writeLiteral(one)}`)
    .join('; ')} }`;
}

function isOfType(value: unknown, type: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isJsonObject(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

/** Joins types. An empty union is `never`. */
function join(types: readonly string[], operator: ' | ' | ' & '): string {
  const [only = 'never', ...others] = [...new Set(types)];
  return others.length === 0 ? only : [only, ...others].map(operator === ' & ' ? wrap : (one) => one).join(operator);
}

function wrap(type: string): string {
  return /^[\w$]+$/.test(type) ? type : `(${type})`;
}
