import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import {
  describePlace,
  isReference,
  locate,
  type Located,
  type OpenApiDocument,
} from '../documents/open-api-document.js';
import { mergeObjects } from './merged-objects.js';
import type { PropertyKeys } from './property-keys.js';
import { convertBounds, copyKeywords, listProperties, readEnum, readTypes, type JsonType } from './schema-keywords.js';

/** A schema that says nothing allows everything. */
export type Schema = JsonObject;

/** How schemas are translated. */
export interface Translation {
  readonly document: OpenApiDocument;
  /** Arguments have no `readOnly` properties, and results no `writeOnly` ones. */
  readonly direction: 'input' | 'output';
  readonly keys: Pick<PropertyKeys, 'toAlias'>;
  /** Called for what had to be left out. */
  readonly onDropped: (place: string, keyword: string) => void;
}

const COMPOSITES = ['allOf', 'anyOf', 'oneOf'] as const;

/** Translates schemas of OpenAPI into JSON Schema 2020-12 that validators and models take. */
export class SchemaTranslator {
  /** Schemas that references lead to, by their place. */
  readonly #definitions = new Map<string, { readonly name: string; schema: Schema; uses: number }>();
  readonly #names = new Set<string>();
  /** Places of the parts of `allOf` that are being merged. */
  readonly #merging = new Set<string>();

  constructor(private readonly translation: Translation) {}

  /** What references of translated schemas lead to, for `$defs`. */
  get definitions(): ReadonlyMap<string, Schema> {
    return new Map([...this.#definitions.values()].map(({ name, schema }) => [name, schema]));
  }

  /** @throws {@link DocumentProblem} if a reference leads nowhere */
  translate(node: Located): Schema {
    const { value } = node;
    if (value === false) return { not: {} };
    if (!isJsonObject(value)) return {};
    if (isReference(value)) return this.#refer(node as Located<JsonObject>);
    return this.#translateObject(node as Located<JsonObject>);
  }

  #refer(node: Located<JsonObject>): Schema {
    const { document } = this.translation;
    const target = document.follow(node);
    const place = describePlace(target);
    let definition = this.#definitions.get(place);
    if (!definition) {
      definition = { name: this.#name(target.pointer), schema: {}, uses: 0 };
      this.#definitions.set(place, definition);
      definition.schema = this.translate(target);
    }
    definition.uses += 1;
    const reference = { $ref: `#/$defs/${definition.name}` };
    const { $ref: _followed, ...siblings } = node.value;
    if (document.isBefore31 || Object.keys(siblings).length === 0) return reference;
    const beside = this.#translateObject({ ...node, value: siblings });
    return Object.keys(beside).every((one) => one === 'description' || one === 'title' || one === 'default')
      ? { ...reference, ...beside }
      : { allOf: [reference, beside] };
  }

  #translateObject(node: Located<JsonObject>): Schema {
    const schema = convertBounds(node.value);
    const composites = this.#translateComposites(node);
    const types = readTypes(schema);
    const values = readEnum(schema);
    const isNullable = schema.nullable === true || types.includes('null');
    const named = types.filter((type) => type !== 'null');
    const bodies = named.map((type) => this.#translateType(node, schema, type));
    const common = {
      ...(values && { enum: isNullable && !values.includes(null) ? [...values, null] : values }),
      ...('const' in schema && { const: schema.const }),
      ...this.#describe(schema),
    };
    return combine({ bodies, composites, common, isNullable, isTyped: types.length > 0 });
  }

  #translateType(node: Located<JsonObject>, schema: JsonObject, type: JsonType): Schema {
    const copied = copyKeywords(schema, type, (keyword) => {
      this.translation.onDropped(describePlace(node), keyword);
    });
    if (type === 'object') return { type, ...copied, ...this.#translateMembers(node) };
    if (type === 'array') return { type, ...copied, ...this.#translateItems(node) };
    if (type === 'string' && schema.format === 'byte') return { type, ...copied, contentEncoding: 'base64' };
    if (type === 'string' && schema.format === 'binary') return { type, ...copied, contentEncoding: 'base64' };
    return { type, ...copied };
  }

  #translateMembers(node: Located<JsonObject>): Schema {
    const { direction, keys, document } = this.translation;
    const { required, additionalProperties } = node.value;
    const hidden = direction === 'input' ? 'readOnly' : 'writeOnly';
    const properties: Record<string, Schema> = {};
    const isHidden = new Set<string>();
    for (const name of listProperties(node.value)) {
      const property = locate(node, 'properties', name);
      const target = isReference(property.value) ? document.follow(property).value : property.value;
      if ([property.value, target].some((one) => isJsonObject(one) && one[hidden] === true)) isHidden.add(name);
      else properties[keys.toAlias(name)] = this.translate(property);
    }
    const needed = Array.isArray(required) ? required.filter((one): one is string => typeof one === 'string') : [];
    const kept = [...new Set(needed.filter((name) => !isHidden.has(name)).map((name) => keys.toAlias(name)))];
    // Validators in strict mode want each required property to be named.
    for (const name of kept) if (!Object.hasOwn(properties, name)) properties[name] = {};
    return {
      ...(Object.keys(properties).length > 0 && { properties }),
      ...(kept.length > 0 && { required: kept }),
      ...(additionalProperties === false && { additionalProperties: false }),
      ...(isJsonObject(additionalProperties) && Object.keys(additionalProperties).length > 0
        ? { additionalProperties: this.translate(locate(node, 'additionalProperties')) }
        : {}),
    };
  }

  #translateItems(node: Located<JsonObject>): Schema {
    const { items, prefixItems } = node.value;
    const several = Array.isArray(items) ? 'items' : Array.isArray(prefixItems) ? 'prefixItems' : undefined;
    if (several === undefined) return isJsonObject(items) ? { items: this.translate(locate(node, 'items')) } : {};
    const members = [...(node.value[several] as unknown[]).keys()].map((index) =>
      this.translate(locate(node, several, index)),
    );
    return members.length > 0 ? { items: { anyOf: members } } : {};
  }

  #translateComposites(node: Located<JsonObject>): readonly Schema[] {
    return COMPOSITES.flatMap((keyword): Schema[] => {
      const list = node.value[keyword];
      if (!Array.isArray(list) || list.length === 0) return [];
      const members = [...list.keys()].map((index) => locate(node, keyword, index));
      if (keyword === 'allOf') return members.map((one) => this.#translatePart(one));
      // Several of `oneOf` may fit what the API takes for one of them.
      return [{ anyOf: members.map((one) => this.translate(one)) }];
    });
  }

  /** A part of `allOf` is written out, so that it can be merged, unless it is a part of itself. */
  #translatePart(node: Located): Schema {
    if (!isReference(node.value)) return this.translate(node);
    const target = this.translation.document.follow(node);
    const place = describePlace(target);
    if (this.#merging.has(place)) return this.translate(node);
    this.#merging.add(place);
    try {
      return this.translate(target);
    } finally {
      this.#merging.delete(place);
    }
  }

  #describe({ title, description, default: standard, deprecated }: JsonObject): Schema {
    return {
      ...(typeof title === 'string' && { title }),
      ...(typeof description === 'string' && description.trim() !== '' && { description: description.trim() }),
      ...(standard !== undefined && { default: standard }),
      ...(deprecated === true && { deprecated }),
    };
  }

  #name(pointer: string): string {
    const wanted = (pointer.split('/').at(-1) ?? '').replace(/[^A-Za-z0-9_.-]+/g, '_').slice(0, 60) || 'schema';
    let name = wanted;
    for (let number = 2; this.#names.has(name); number += 1) name = `${wanted}_${number}`;
    this.#names.add(name);
    return name;
  }
}

/** The parts of a schema, translated. */
interface Parts {
  /** One for each type. */
  readonly bodies: readonly Schema[];
  /** What holds besides. */
  readonly composites: readonly Schema[];
  readonly common: Schema;
  readonly isNullable: boolean;
  readonly isTyped: boolean;
}

function combine({ bodies, composites, common, isNullable, isTyped }: Parts): Schema {
  const [body] = bodies;
  if (composites.length > 0) {
    const merged = { ...mergeObjects([...(body ? [body] : []), ...composites]), ...common };
    return isNullable ? { anyOf: [merged, { type: 'null' }] } : merged;
  }
  if (bodies.length > 1) return { anyOf: [...bodies, ...(isNullable ? [{ type: 'null' }] : [])], ...common };
  if (!body) return isNullable && isTyped ? { type: 'null', ...common } : common;
  return { ...body, ...(isNullable && { type: [body.type, 'null'] }), ...common };
}
