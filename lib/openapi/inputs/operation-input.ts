import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import type { OpenApiDocument } from '../documents/open-api-document.js';
import type { ApiOperation, ApiParameter, ParameterPlace } from '../operations/api-operation.js';
import { ArgumentList } from './argument-list.js';
import { planBody, type BodyPlan } from './body-plan.js';
import { InputSchemas, type DroppedKeyword } from './input-schemas.js';
import { chooseMedia } from './media-choice.js';
import { readProperties, readRequired } from './merged-schemas.js';
import { chooseRules, findParameterRule, listBodyRules, type ParameterRule } from './parameter-rules.js';
import { restoreKeys } from './restored-keys.js';
import { removeMember } from './schema-members.js';
import { boundText } from './schema-texts.js';
import { readExamples } from './schema-values.js';
import { isSecret, isSetByServer, isSteeringHeader } from './steering-headers.js';
import { accepts } from './tool-schema.js';
import type { Schema } from './translated-schema.js';

export type { BodyPlan } from './body-plan.js';

/** Where an argument goes: to a parameter, to a property of the body, or it is the body. */
export type Binding =
  | { readonly key: string; readonly to: 'parameter'; readonly parameter: ApiParameter }
  | { readonly key: string; readonly to: 'property'; readonly property: string }
  | { readonly key: string; readonly to: 'body' };

/** What is sent in place of an argument, or hidden. */
export interface FilledArgument {
  /** No model can write it. */
  readonly key: string;
  /** Where it goes: to a parameter, or to a member in the body. */
  readonly target: { readonly parameter: ApiParameter } | { readonly path: readonly string[] };
  readonly rule: ParameterRule;
  /** Whether the document requires it. */
  readonly isRequired: boolean;
}

/** The arguments of an operation: what a model sees, and what becomes of them. */
export interface OperationInput {
  /** JSON Schema 2020-12 of an object. */
  readonly schema: JsonObject;
  readonly bindings: readonly Binding[];
  readonly body: BodyPlan | undefined;
  /** What is sent though it is no argument, and what is hidden. */
  readonly filled: readonly FilledArgument[];
  /** Names of headers that are no arguments, because they would steer proxies. */
  readonly leftOut: readonly string[];
  /** Whether the schema says less than the document does, because of its size. */
  readonly isReduced: boolean;
  /** Keywords of schemas that are not valid. An operation before it may have told of one that both have. */
  readonly dropped: readonly DroppedKeyword[];
  /** Keys of arguments, if the schema takes more than it names. */
  readonly unnamed: ReadonlySet<string> | undefined;
  /** Puts the keys of the API back into arguments that the schema takes. Their own keys stay. */
  readonly restore: (args: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
}

/** How arguments are described. */
export interface InputSettings {
  /** Characters of the schema. Defaults to 24 000. */
  readonly maxSize?: number | undefined;
  /** What is said of all arguments. */
  readonly description?: string;
  /** Parameters that are no arguments. */
  readonly rules?: readonly ParameterRule[];
  /** Names of headers, in small letters, by which tools may steer proxies. */
  readonly steerable?: ReadonlySet<string> | undefined;
}

/** Characters of the schema of a tool: some 6 000 tokens. */
const MAX_SCHEMA = 24_000;

/** Characters of the description of an argument. */
const MAX_DESCRIPTION = 1_000;

const ORDER: readonly ParameterPlace[] = ['path', 'query', 'header', 'cookie'];

/**
 * Describes the arguments of an operation: its parameters and the properties of its body, side by side. Those that are
 * required come first.
 *
 * @throws {@link DocumentProblem} if a reference leads nowhere
 */
export function describeInput(
  document: OpenApiDocument,
  operation: ApiOperation,
  { maxSize = MAX_SCHEMA, description = '', rules = [], steerable = new Set() }: InputSettings = {},
): OperationInput {
  const schemas = InputSchemas.of(document);
  const args = new ArgumentList();
  const bindings: Binding[] = [];
  const filled: FilledArgument[] = [];
  const leftOut: string[] = [];
  const chosen = chooseRules(rules, operation);
  for (const parameter of ORDER.flatMap((place) => operation.parameters.filter((one) => one.in === place))) {
    const { name, in: place, isRequired } = parameter;
    const rule = findParameterRule(chosen, place, name);
    if (rule) {
      filled.push({ key: `${place} ${name}`, target: { parameter }, rule, isRequired });
    } else if (isSteeringHeader(parameter, steerable)) {
      if (!isSetByServer(name)) leftOut.push(name);
    } else if (!isSecret(document, parameter)) {
      const schema = describeParameter(schemas.translator.translate(parameter.schema), parameter);
      bindings.push({ key: args.add(name, place, schema, isRequired), to: 'parameter', parameter });
    }
  }
  const body = addBody(schemas, operation, listBodyRules(chosen), { args, bindings, filled });
  const written = schemas.bounded.write(args.toSchema(description), maxSize);
  return {
    schema: written.schema,
    bindings,
    body,
    filled,
    leftOut,
    isReduced: written.isReduced,
    dropped: schemas.takeDropped(),
    unnamed: written.isOpen ? args.keys : undefined,
    restore: (given) => restoreKeys(written, given, accepts) as Readonly<Record<string, unknown>>,
  };
}

/** Receives what an input consists of. */
interface InputParts {
  readonly args: ArgumentList;
  readonly bindings: Binding[];
  readonly filled: FilledArgument[];
}

function addBody(
  { translator }: InputSchemas,
  { body }: ApiOperation,
  rules: readonly ParameterRule[],
  { args, bindings, filled }: InputParts,
): BodyPlan | undefined {
  const media = body && chooseMedia(body.media);
  if (!media) return undefined;
  const given = translator.translate(media.schema);
  let schema = given;
  for (const rule of rules) {
    const removed = removeMember(translator, schema, rule.path);
    if (!removed) continue;
    schema = removed.schema;
    filled.push({
      key: `body ${rule.path.join('/')}`,
      target: { path: rule.path },
      rule,
      isRequired: removed.isRequired && body.isRequired,
    });
  }
  const { plan } = planBody(translator, body, media, given);
  const { flat, whole } = planBody(translator, body, media, schema);
  if (flat) {
    const needed = new Set(plan.isRequired ? readRequired(flat) : []);
    for (const [property, one] of Object.entries(readProperties(flat)))
      bindings.push({ key: args.add(property, 'body', one, needed.has(property)), to: 'property', property });
  } else if (schema === given || !isEmpty(translator.resolve(schema))) {
    bindings.push({ key: args.add('body', 'request', whole, plan.isRequired), to: 'body' });
  }
  return plan;
}

/** Whether nothing is left of an object's members. */
function isEmpty({ properties, anyOf, allOf, additionalProperties }: Schema): boolean {
  return isJsonObject(properties) && Object.keys(properties).length === 0 && !anyOf && !allOf && !additionalProperties;
}

/** What a parameter says of itself goes before what its schema says. */
function describeParameter(schema: Schema, { description, isDeprecated, examples }: ApiParameter): Schema {
  return {
    ...schema,
    ...(description !== undefined && { description: boundText(description, MAX_DESCRIPTION) }),
    ...readExamples({ examples: examples.length > 0 ? examples : schema.examples }, []),
    ...(isDeprecated && { deprecated: true }),
  };
}
