import { mayMeet, readBeginnings, type Beginnings } from '../resource-uris/resource-uris.js';
import type { ResourceDefinition, ResourceTemplateDefinition } from './primitive.js';

/** What has URIs. */
export type OfferedResource = ResourceDefinition | ResourceTemplateDefinition;

/** Finds those of many resources and templates that may match the same URIs. The others are not compared. */
export class NearResources {
  readonly #resources = new Map<OfferedResource, Beginnings>();
  readonly #templates = new Map<OfferedResource, Beginnings>();

  add(offered: OfferedResource): void {
    this.#of(offered).set(offered, readBeginnings(offered));
  }

  remove(offered: OfferedResource): void {
    this.#of(offered).delete(offered);
  }

  /** Lists what a resource or a template may have URIs in common with. Two resources have none: names are unique. */
  list(offered: OfferedResource): readonly OfferedResource[] {
    const own = readBeginnings(offered);
    const near: OfferedResource[] = [];
    const select = (others: ReadonlyMap<OfferedResource, Beginnings>) => {
      for (const [other, beginnings] of others) if (mayMeet(own, beginnings)) near.push(other);
    };
    if (offered.kind === 'resourceTemplate') select(this.#resources);
    select(this.#templates);
    return near;
  }

  #of({ kind }: OfferedResource): Map<OfferedResource, Beginnings> {
    return kind === 'resource' ? this.#resources : this.#templates;
  }
}
