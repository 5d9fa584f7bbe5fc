import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import {
  describePlace,
  isReference,
  locate,
  type Located,
  type OpenApiDocument,
} from '../documents/open-api-document.js';
import { CircularReferences } from './circular-references.js';
import { addDiscriminator } from './discriminators.js';
import { mergeSchemas } from './merged-schemas.js';
import { translateMembers, type MemberTranslation } from './object-members.js';
import { convertBounds, copyKeywords, readTypes, type JsonType } from './schema-keywords.js';
import type { Direction, Schema } from './translated-schema.js';
import { boundText } from './schema-texts.js';
import { readDefault, readExamples, readStrayTexts, readValues } from './schema-values.js';

/** Characters of a title and of a description. */
const MAX_TITLE = 100;
const MAX_DESCRIPTION = 1_000;

/**
 * Translates schemas of OpenAPI into what JSON Schema 2020-12 can say so that validators and models take it. What is
 * left out only allows more. Definitions are translated when they are first asked for, once for a document.
 */
export class SchemaTranslator implements MemberTranslation {
  readonly #definitions = new Map<string, Located>();
  readonly #translated = new Map<string, Schema>();
  /** Places of the parts of `allOf` that are being written out. */
  readonly #open = new Set<string>();
  readonly #circular: CircularReferences;

  /** @param onDropped - called for each keyword that is not valid */
  constructor(
    readonly document: OpenApiDocument,
    readonly direction: Direction,
    readonly onDropped: (node: Located, keyword: string) => void = () => undefined,
  ) {
    this.#circular = new CircularReferences(document);
  }

  /**
   * The schema that a translated `$ref` means.
   *
   * @param reference - of a schema that this translator has made
   * @throws {@link DocumentProblem} if it refers to what is not there
   */
  define(reference: string): Schema {
    let schema = this.#translated.get(reference);
    if (schema) return schema;
    schema = this.translate(this.#definitions.get(reference) as Located);
    this.#translated.set(reference, schema);
    return schema;
  }

  /** Follows the `$ref` of a translated schema, so that its own keywords are there. */
  resolve(schema: Schema): Schema {
    let one = schema;
    while (typeof one.$ref === 'string') {
      const { $ref, ...beside } = one;
      one = { ...this.define($ref), ...beside };
    }
    return one;
  }

  /** @throws {@link DocumentProblem} if a reference leads nowhere */
  readonly translate = (node: Located): Schema => {
    const { value } = node;
    if (value === false) return { not: {} };
    if (!isJsonObject(value)) return {};
    return isReference(value) ? this.#refer(node as Located<JsonObject>) : this.#translateObject(node);
  };

  #refer(node: Located<JsonObject>): Schema {
    const { document } = this;
    let target = document.find(node, String(node.value.$ref));
    // Only since OpenAPI 3.1 a reference that is referred to may say more.
    if (isReference(target.value) && (document.isBefore31 || Object.keys(target.value).length === 1))
      target = document.follow(target);
    const $ref = describePlace(target);
    this.#definitions.set($ref, target);
    const isCircular = this.#circular.has(target);
    if (isCircular) this.onDropped(node, '$ref');
    const reference = isCircular ? {} : { $ref };
    const { $ref: _followed, ...siblings } = node.value;
    if (document.isBefore31 || Object.keys(siblings).length === 0) return reference;
    const beside = this.#translateObject({ ...node, value: siblings });
    return isCircular || Object.keys(beside).every((one) => NOTES.has(one))
      ? { ...reference, ...beside }
      : mergeSchemas([this.#writeOut(target), beside]);
  }

  #translateObject(node: Located): Schema {
    const schema = convertBounds(node.value as JsonObject);
    const onDropped = (keyword: string) => {
      this.onDropped(node, keyword);
    };
    const types = readTypes(schema);
    const isNullable = schema.nullable === true || types.includes('null');
    const allowed: readonly JsonType[] = isNullable && types.length > 0 ? [...types, 'null'] : types;
    const texts = readStrayTexts(schema, allowed);
    const values = texts.length > 0 ? undefined : readValues(schema, allowed, onDropped);
    const named = types.filter((type) => type !== 'null');
    const bodies = named.map((type) => this.#translateType(node, schema, type, onDropped));
    if (texts.length > 0) bodies.push({ type: 'string', ...writeValues(texts, false) });
    const common = {
      ...this.#describe(schema, types),
      ...(values && writeValues(values, isNullable)),
    };
    return combine({
      bodies,
      composites: this.#translateComposites(node),
      common,
      isNullable,
      isTyped: types.length > 0,
    });
  }

  #translateType(node: Located, schema: JsonObject, type: JsonType, onDropped: (keyword: string) => void): Schema {
    const copied = copyKeywords(schema, type, onDropped);
    if (type === 'object') {
      const members = translateMembers(this, node as Located<JsonObject>);
      const { minProperties, ...others } = copied;
      // The number counts members that are left out.
      return { type, ...(members.withheld === undefined && minProperties !== undefined ? copied : others), ...members };
    }
    if (type === 'array') return { type, ...copied, ...this.#translateItems(node as Located<JsonObject>) };
    const isBinary = type === 'string' && (schema.format === 'byte' || schema.format === 'binary');
    return { type, ...copied, ...(isBinary && { contentEncoding: 'base64' }) };
  }

  /** Models do not know `prefixItems`: a list may then have any of its members at any place. */
  #translateItems(node: Located<JsonObject>): Schema {
    const { items, prefixItems, maxItems } = node.value;
    const [tuple, others] = Array.isArray(items)
      ? (['items', 'additionalItems'] as const)
      : (['prefixItems', 'items'] as const);
    const members = Array.isArray(items) ? items : prefixItems;
    if (!Array.isArray(members)) return isJsonObject(items) ? { items: this.translate(locate(node, 'items')) } : {};
    const choices = members.map((_member, index) => this.translate(locate(node, tuple, index)));
    const rest = locate(node, others);
    const isClosed = rest.value === false || (typeof maxItems === 'number' && maxItems <= choices.length);
    if (!isClosed && !isJsonObject(rest.value)) return {};
    if (!isClosed) choices.push(this.translate(rest));
    return {
      ...(rest.value === false && typeof maxItems !== 'number' && { maxItems: choices.length }),
      ...(choices.length > 0 && { items: choices.length === 1 ? choices[0] : { anyOf: choices } }),
    };
  }

  #translateComposites(node: Located): readonly Schema[] {
    const { allOf, anyOf, oneOf, then, else: otherwise, not } = node.value as JsonObject;
    const list = (keyword: string, members: readonly unknown[]) =>
      members.map((_member, index) => locate(node, keyword, index));
    const composites: Schema[] = [];
    if (Array.isArray(allOf)) composites.push(...list('allOf', allOf).map((one) => this.#translatePart(one, node)));
    // Several of `oneOf` may fit what the API takes for one of them.
    for (const [keyword, members] of [
      ['anyOf', anyOf],
      ['oneOf', oneOf],
    ] as const) {
      if (!Array.isArray(members) || members.length === 0) continue;
      const choices = list(keyword, members).map((one) => addDiscriminator(this, node, one, this.translate(one)));
      const [only = {}, ...others] = choices;
      composites.push(others.length === 0 ? only : { anyOf: choices });
    }
    // Whichever of the two holds, the value fits one of them.
    if (then !== undefined && otherwise !== undefined)
      composites.push({ anyOf: [this.translate(locate(node, 'then')), this.translate(locate(node, 'else'))] });
    if (
      isJsonObject(not) &&
      Array.isArray(not.enum) &&
      Object.keys(not).every((one) => one === 'enum' || one === 'type')
    )
      composites.push({ not: { enum: not.enum } });
    return composites;
  }

  /** A part of `allOf` is written out, so that it can be merged. One alone stays a reference. */
  #translatePart(node: Located, { value }: Located): Schema {
    const { allOf, type, properties } = value as { readonly allOf: unknown[]; type?: unknown; properties?: unknown };
    const isAlone = allOf.length === 1 && type === undefined && properties === undefined;
    if (isAlone || !isReference(node.value)) return this.translate(node);
    const target = this.document.follow(node);
    return this.#circular.has(target) ? {} : this.#writeOut(target);
  }

  #writeOut(target: Located): Schema {
    const place = describePlace(target);
    this.#definitions.set(place, target);
    if (this.#open.has(place)) return { $ref: place };
    this.#open.add(place);
    try {
      return this.translate(target);
    } finally {
      this.#open.delete(place);
    }
  }

  #describe(schema: JsonObject, types: readonly JsonType[]): Schema {
    const { title, description, deprecated } = schema;
    const said = typeof description === 'string' ? boundText(description, MAX_DESCRIPTION) : '';
    return {
      ...(typeof title === 'string' && title.trim() !== '' && { title: boundText(title, MAX_TITLE) }),
      ...(said !== '' && { description: said }),
      ...readDefault(schema, types),
      ...readExamples(schema, types),
      ...(deprecated === true && { deprecated }),
    };
  }
}

/** Keywords that may stand beside a reference. */
const NOTES: ReadonlySet<string> = new Set(['description', 'title', 'default', 'deprecated', 'examples']);

function writeValues(values: readonly unknown[], isNullable: boolean): Schema {
  const all = isNullable && !values.includes(null) ? [...values, null] : values;
  return all.length === 1 ? { const: all[0] } : { enum: all };
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
  const [body, ...others] = bodies;
  const base = others.length > 0 ? { anyOf: [...bodies] } : body;
  if (composites.length > 0) {
    const merged = { ...mergeSchemas([...(base ? [base] : []), ...composites]), ...common };
    return isNullable ? { anyOf: [merged, { type: 'null' }] } : merged;
  }
  if (others.length > 0) return { anyOf: [...bodies, ...(isNullable ? [{ type: 'null' }] : [])], ...common };
  if (!body) return isNullable && isTyped ? { type: 'null', ...common } : common;
  return { ...body, ...(isNullable && { type: [body.type, 'null'] }), ...common };
}
