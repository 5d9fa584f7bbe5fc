import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import {
  describePlace,
  isReference,
  locate,
  type Located,
  type OpenApiDocument,
} from '../documents/open-api-document.js';

/** Keywords whose schemas are about the same value as their own schema. */
const SAME_VALUE = ['allOf', 'anyOf', 'oneOf'] as const;

/** Finds definitions that mean themselves without a member between: no value could ever be checked against them. */
export class CircularReferences {
  readonly #known = new Map<string, boolean>();

  constructor(private readonly document: OpenApiDocument) {}

  /** @throws {@link DocumentProblem} if a reference leads nowhere */
  has(target: Located): boolean {
    const place = describePlace(target);
    let isCircular = this.#known.get(place);
    if (isCircular === undefined) {
      isCircular = this.#reaches(target, place, new Set());
      this.#known.set(place, isCircular);
    }
    return isCircular;
  }

  #reaches(node: Located, place: string, seen: Set<string>): boolean {
    if (!isJsonObject(node.value)) return false;
    if (isReference(node.value)) {
      const next = this.document.find(node, node.value.$ref);
      const reached = describePlace(next);
      if (reached === place) return true;
      if (seen.has(reached)) return false;
      seen.add(reached);
      if (this.#reaches(next, place, seen)) return true;
    }
    const value: JsonObject = node.value;
    return SAME_VALUE.some((keyword) => {
      const members = value[keyword];
      return (
        Array.isArray(members) &&
        members.some((_member, index) => this.#reaches(locate(node, keyword, index), place, seen))
      );
    });
  }
}
