import 'reflect-metadata';
import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import { isJsonObject, type JsonObject } from '../json/json-object.js';
import { findOfferedOperation } from '../openapi/offers/generated-method.js';
import type { OfferedOperation } from '../openapi/offers/offered-operation.js';
import { selectFixedScopes } from '../resource-server/access/access-rule.js';
import { toObjectSchema } from '../resource-server/catalogue/arguments-schema.js';
import type { MethodHost, Offer, Primitive } from '../resource-server/catalogue/primitive.js';
import type { ManifestOperation } from './manifest.js';
import { describePlaces, describeWithheld } from './argument-places.js';
import { byKey, digest } from './digest.js';
import { listAlternatives } from './scope-alternatives.js';

/** Keywords that restrict no value. */
const ANNOTATIONS: ReadonlySet<string> = new Set(['title', 'description', 'examples', 'default', 'deprecated']);

/** Describes what a server offers. */
export function describeOperation(offer: Offer | Primitive): ManifestOperation {
  const { access, host, name, policies, downstreams, readOnly } = offer;
  const offered = host.handler && findOfferedOperation(host.handler);
  const isProtected = host.decorator === '@ProtectedMcp';
  const guards = isProtected ? [] : listGuards(host);
  return {
    kind: isProtected && host.method.startsWith('methods ') ? 'method' : offer.kind,
    name,
    source: isProtected ? 'protected' : offered ? 'openapi' : 'class',
    ...(offered && { operation: `${offered.operation.method} ${offered.operation.path}` }),
    writes: offer.kind === 'tool' && !readOnly,
    anonymous: access.anonymous,
    scopes: listAlternatives(selectFixedScopes(access)),
    computesScopes: typeof access.scopes === 'function',
    appOnly: access.appOnly,
    acrValues: [...access.acrValues].sort(),
    ...(access.maxAgeMs !== undefined && { maxAgeMs: access.maxAgeMs }),
    safeguards: [...new Set([...policies.map((policy) => policy.name), ...guards])].sort(),
    downstreams: [...downstreams].sort(),
    ...(isProtected ? UNDESCRIBED : describeShape(offer, offered)),
  };
}

type Shape = Pick<ManifestOperation, 'arguments' | 'places' | 'withheld' | 'definition'>;

const UNDESCRIBED: Shape = { arguments: {}, places: {}, withheld: {}, definition: digest({}) };

/** What is only searched may turn out to have no description. Then nobody can call it. */
function describeShape(offer: Offer | Primitive, offered: OfferedOperation | undefined): Shape {
  try {
    const schema: JsonObject = offer.input ? toObjectSchema(offer.input, 'input') : {};
    return {
      arguments: Object.fromEntries(
        Object.entries(readProperties(schema))
          .map(([key, property]): [string, string] => [key, digest([resolve(property, schema)])])
          .sort(byKey),
      ),
      places: offered ? describePlaces(offered) : {},
      withheld: offered ? describeWithheld(offered) : {},
      definition: digest('listing' in offer ? offer.listing : {}),
    };
  } catch {
    return UNDESCRIBED;
  }
}

function listGuards({ type, handler, method }: MethodHost): readonly string[] {
  const own = handler ?? (type.prototype as Record<string, (() => unknown) | undefined>)[method];
  return [type, own].flatMap((target) => {
    const guards = target ? ((Reflect.getMetadata(GUARDS_METADATA, target) ?? []) as readonly object[]) : [];
    return guards.map((guard) => (typeof guard === 'function' ? guard.name : guard.constructor.name));
  });
}

function readProperties({ properties }: JsonObject): JsonObject {
  return isJsonObject(properties) ? properties : {};
}

/** The schema of an argument with the definitions that it refers to, without what restricts nothing. */
function resolve(property: unknown, { $defs }: JsonObject): unknown {
  const used = new Map<string, unknown>();
  const visit = (value: unknown, isMembers: boolean): unknown => {
    if (Array.isArray(value)) return value.map((one) => visit(one, false));
    if (!isJsonObject(value)) return value;
    const { $ref } = value;
    if (!isMembers && typeof $ref === 'string' && isJsonObject($defs)) {
      const name = $ref.slice('#/$defs/'.length);
      if (!used.has(name)) {
        used.set(name, undefined);
        used.set(name, visit($defs[name], false));
      }
    }
    const kept = Object.entries(value).filter(([key]) => isMembers || !ANNOTATIONS.has(key));
    return Object.fromEntries(kept.map(([key, one]) => [key, visit(one, !isMembers && key === 'properties')]));
  };
  const visited = visit(property, false);
  return used.size > 0 ? [visited, Object.fromEntries(used)] : visited;
}
