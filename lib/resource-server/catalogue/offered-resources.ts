import { CleanLogger } from '../../log/clean-logger.js';
import type { Operation } from '../access/operation.js';
import { ResourceUris } from '../resource-uris/resource-uris.js';
import type { Found } from './found.js';
import { NearResources, type OfferedResource } from './near-resources.js';
import { isSameRule } from './same-rule.js';
import { decodeValues } from './template-variables.js';

/** Resources and templates of one server, by URI. */
export class OfferedResources {
  /** For the comparison of others with them. */
  readonly near = new NearResources();
  readonly #logger = new CleanLogger('McpResources');
  readonly #uris = new ResourceUris<OfferedResource>({ ignoresScheme: false });

  add(offered: OfferedResource): void {
    this.near.add(offered);
    this.#uris.add(offered);
  }

  remove(offered: OfferedResource): void {
    this.near.remove(offered);
    this.#uris.remove(offered);
  }

  /** Finds the resource or template that a URI names as it is spelled. Cheap, and no decision: see {@link find}. */
  findSpelled(uri: string): Found | undefined {
    const match = this.#uris.findSpelled(uri);
    return match && { primitive: match.item, variables: {} };
  }

  /**
   * Finds the resource with this URI, or the most specific template that matches it. The URI has to be canonical, and
   * must not be readable as that of a resource with another rule.
   */
  find(uri: string): Found<OfferedResource> | undefined {
    const match = this.#uris.findSpelled(uri);
    if (!match) return undefined;
    const { item: primitive, values } = match;
    if (primitive.kind === 'resource') return { primitive, variables: {} };
    const variables = decodeValues(values);
    const doubt =
      this.#uris.findDoubt(uri, (meant) => meant.length === 0 || meant.some((one) => isSameRule(one, primitive))) ??
      (variables ? undefined : `is not how "${primitive.name}" spells its values`);
    if (doubt !== undefined || !variables) {
      const line = `There is no resource "${uri.slice(0, 200)}" for clients: it ${doubt ?? ''}`;
      this.#logger.sum('warn', primitive.name, line, line);
      return undefined;
    }
    return { primitive, variables };
  }

  /**
   * Whether arguments are those of another resource than the operation names, which has another rule. Schemas and pipes
   * may have changed them.
   */
  isOther({ name = '', method }: Operation, value: unknown): boolean {
    if (method !== 'resources/read' || typeof value !== 'object' || value === null) return false;
    const found = this.find(name);
    if (!found) return false;
    const { primitive, variables } = found;
    const other = listUris(primitive, variables, value).find((uri) => uri !== name && !this.#is(uri, primitive));
    if (other === undefined) return false;
    this.#logger.sum(
      'warn',
      `other ${primitive.name}`,
      `"${name.slice(0, 200)}" is not read: its schema, or a pipe, makes "${other.slice(0, 200)}" of it, which has another rule`,
    );
    return true;
  }

  /** Whether a URI has the rule of an offer under all of its readings, or none. */
  #is(uri: string, offered: OfferedResource): boolean {
    const isSame = (one: OfferedResource) => isSameRule(one, offered);
    const spelled = this.#uris.findSpelled(uri);
    if (spelled && !isSame(spelled.item)) return false;
    return this.#uris.findDoubt(uri, (meant) => meant.length === 0 || meant.some(isSame)) === undefined;
  }
}

/** The URI of the arguments, and the URI that the template has with them. */
function listUris({ pattern }: OfferedResource, variables: Found['variables'], value: object): readonly string[] {
  const { uri } = value as { uri?: unknown };
  const values = { ...variables };
  for (const [name, one] of Object.entries(value)) {
    const texts = Object.hasOwn(variables, name) ? toTexts(one) : undefined;
    if (texts !== undefined) values[name] = texts;
  }
  return [...(typeof uri === 'string' ? [uri] : []), pattern.expand(values) ?? []].flat();
}

/** @returns `undefined` for what no URI can hold, such as an instance of a class */
function toTexts(value: unknown): string | string[] | undefined {
  if (!Array.isArray(value)) return TEXTS.has(typeof value) ? String(value) : undefined;
  return value.every((one) => TEXTS.has(typeof one)) ? value.map(String) : undefined;
}

const TEXTS: ReadonlySet<string> = new Set(['string', 'number', 'bigint', 'boolean']);
