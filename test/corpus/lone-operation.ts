import { isJsonObject, type JsonObject } from '../../lib/json/json-object.js';
import type { ApiOperation } from '../../lib/openapi/operations/api-operation.js';

/** Objects and lists that the judge is given. It compiles all that an operation refers to. */
const MAX_NODES = 20_000;

/**
 * A document that has one operation, what the requests of that operation refer to, and nothing else.
 *
 * @param document - as it is published
 * @returns `undefined` if the operation refers to more than the judge can compile
 */
export function isolateOperation(
  document: JsonObject,
  { method, path }: Pick<ApiOperation, 'method' | 'path'>,
): JsonObject | undefined {
  const copy = new ReferenceCopy(document);
  const item = copy.follow((document.paths as JsonObject)[path]) as JsonObject;
  const { requestBody, parameters: own } = copy.follow(item[method.toLowerCase()]) as JsonObject;
  const list = (value: unknown) =>
    (Array.isArray(value) ? value.map((one) => copy.follow(one)) : []).filter(isJsonObject);
  const isJudged = (one: JsonObject) => !isOfServer(one) && !isKey(copy, document, one);
  const named = list(own);
  // The judge lets parameters of the path win. Those of the operation have to (OpenAPI 3.1, Path Item Object).
  const inherited = list(item.parameters).filter((one) => !named.some((other) => isSame(one, other)));
  const operation = {
    operationId: 'judged',
    parameters: [...named, ...inherited].filter(isJudged).map((one) => copy.copy(one)),
    ...(requestBody !== undefined && { requestBody: copy.copy(copy.follow(requestBody)) }),
    responses: {},
  };
  const schemas = copy.takeReached();
  return (
    schemas && {
      openapi: document.openapi,
      info: { title: 'One operation', version: '1' },
      // A fragment is not sent. Where placeholders follow, it is none.
      paths: { [path.replace(/#[^{]*$/, '').replaceAll('#', '%23')]: { [method.toLowerCase()]: operation } },
      components: { schemas },
    }
  );
}

function isSame(one: JsonObject, other: JsonObject): boolean {
  return one.in === other.in && one.name === other.name;
}

/** Parameters that documents cannot define (OpenAPI 3.1, Parameter Object, `name`). */
function isOfServer({ in: place, name }: JsonObject): boolean {
  return place === 'header' && /^(?:accept|content-type|authorization)$/i.test(String(name));
}

/** Whether a parameter is the key of a security scheme. The downstream sends it, and no tool. */
function isKey(copy: ReferenceCopy, document: JsonObject, { in: place, name }: JsonObject): boolean {
  const { securitySchemes } = (document.components ?? {}) as { readonly securitySchemes?: JsonObject };
  return Object.values(securitySchemes ?? {})
    .map((one) => copy.follow(one))
    .some(
      (one) =>
        isJsonObject(one) &&
        one.type === 'apiKey' &&
        one.in === place &&
        String(one.name).toLowerCase() === String(name).toLowerCase(),
    );
}

/** Copies parts of a document. References get short names, which need no escapes: the judge knows none. */
class ReferenceCopy {
  readonly #names = new Map<string, string>();
  readonly #pending: (readonly [name: string, target: unknown])[] = [];
  #nodes = 0;

  constructor(private readonly document: JsonObject) {}

  /** What a reference leads to, or the value itself. */
  follow(value: unknown): unknown {
    let found = value;
    for (let step = 0; step < 20 && isJsonObject(found) && typeof found.$ref === 'string'; step += 1)
      found = this.#find(found.$ref);
    return found;
  }

  copy(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES) return {};
    if (Array.isArray(value)) return value.map((one) => this.copy(one));
    const { $ref } = value as JsonObject;
    if (typeof $ref === 'string') return { $ref: `#/components/schemas/${this.#name($ref)}` };
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.copy(one)]));
  }

  /** All that copies refer to, by its new name. */
  takeReached(): JsonObject | undefined {
    const reached: JsonObject = {};
    for (let next = this.#pending.pop(); next && this.#nodes <= MAX_NODES; next = this.#pending.pop())
      reached[next[0]] = this.copy(next[1]);
    return this.#nodes > MAX_NODES ? undefined : reached;
  }

  #name($ref: string): string {
    const known = this.#names.get($ref);
    if (known !== undefined) return known;
    const name = `r${this.#names.size}`;
    this.#names.set($ref, name);
    this.#pending.push([name, this.follow({ $ref })]);
    return name;
  }

  #find(reference: string): unknown {
    if (!reference.startsWith('#/')) return undefined;
    return reference
      .slice(2)
      .split('/')
      .map((one) => decodeURIComponent(one).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((found, key) => (found as JsonObject | undefined)?.[key], this.document);
  }
}
