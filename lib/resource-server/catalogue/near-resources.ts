import { NearTargets } from '../resource-uris/resource-uris.js';
import type { ResourceDefinition, ResourceTemplateDefinition } from './primitive.js';

/** What has URIs. */
export type OfferedResource = ResourceDefinition | ResourceTemplateDefinition;

/** Finds those of many resources and templates that may match the same URIs. The others are not compared. */
export class NearResources {
  readonly #resources = new NearTargets<OfferedResource>();
  readonly #templates = new NearTargets<OfferedResource>();

  add(offered: OfferedResource): void {
    this.#of(offered).add(offered);
  }

  remove(offered: OfferedResource): void {
    this.#of(offered).remove(offered);
  }

  /** Lists what a resource or a template may have URIs in common with. Two resources have none: names are unique. */
  list(offered: OfferedResource): readonly OfferedResource[] {
    const templates = this.#templates.list(offered);
    return offered.kind === 'resource' ? [...templates] : [...this.#resources.list(offered), ...templates];
  }

  #of({ kind }: OfferedResource): NearTargets<OfferedResource> {
    return kind === 'resource' ? this.#resources : this.#templates;
  }
}
