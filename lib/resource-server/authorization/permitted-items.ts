import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import type { Resource } from '@modelcontextprotocol/server';
import type { Caller } from '../access/caller.js';
import type { CompletionRequest, Operation } from '../access/operation.js';
import { Catalogue } from '../catalogue/catalogue.js';
import type { Found } from '../catalogue/found.js';
import type { Offer, Primitive, ResourceTemplateDefinition } from '../catalogue/primitive.js';
import { Admission } from './admission.js';
import { completeWith } from './known-arguments.js';

/** Selects what a caller may know of the items that companion methods tell: those that the caller may read. */
@Injectable()
export class PermittedItems {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly admission: Admission,
  ) {}

  /**
   * Whether a caller may read a resource now, by everything that reading it requires.
   *
   * @param find - finds what the rules say of the read. Defaults to the resources of this server
   */
  async mayRead(
    uri: unknown,
    caller: Caller | undefined,
    find: (read: Operation & { readonly name: string }) => Found<Offer> | undefined = ({ name }) =>
      this.catalogue.uris.find(name),
  ): Promise<boolean> {
    // A stream may be late to end with its token, after the machine has slept.
    if (typeof uri !== 'string' || (caller && caller.acceptedUntilMs <= Date.now())) return false;
    const operation = { method: 'resources/read', name: uri };
    const found = find(operation);
    if (!found) return false;
    return (await this.admission.findLeave({ caller, operation, found, body: {} })) !== undefined;
  }

  /** Selects from the resources that a template lists. */
  async selectResources(
    resources: readonly Resource[],
    template: ResourceTemplateDefinition,
    caller: Caller | undefined,
  ): Promise<readonly Resource[]> {
    return await select(resources, ({ uri }) => this.#mayKnow(uri, template, caller));
  }

  /**
   * Selects from the values that complete an argument of a prompt, or a variable of a template.
   *
   * @param requests - the request in each form in which the method may have read it
   */
  async selectValues(
    values: readonly string[],
    primitive: Primitive,
    requests: readonly CompletionRequest[],
    caller: Caller | undefined,
  ): Promise<readonly string[]> {
    let permitted = values;
    for (const [index, request] of requests.entries()) {
      if (isDeepStrictEqual(request, requests[index - 1])) continue;
      permitted = await select(permitted, (value) => this.#mayUse(completeWith(request, value), primitive, caller));
    }
    return permitted;
  }

  /** The caller may list the template already, so what has the same rule for all resources is decided. */
  async #mayKnow(uri: string, template: Offer, caller: Caller | undefined): Promise<boolean> {
    const found = this.catalogue.uris.find(uri);
    return (!found || found.primitive === template) && !hasOwnRules(template) ? true : await this.mayRead(uri, caller);
  }

  async #mayUse(known: Record<string, string>, primitive: Primitive, caller: Caller | undefined): Promise<boolean> {
    const uri = primitive.kind === 'resourceTemplate' ? primitive.pattern.expand(known) : undefined;
    if (uri !== undefined) return await this.#mayKnow(uri, primitive, caller);
    if (!hasOwnRules(primitive)) return true;
    const operation =
      primitive.kind === 'prompt'
        ? { method: 'prompts/get', name: primitive.name }
        : { method: 'resources/read', name: undefined };
    const found = { primitive, variables: {} };
    return (await this.admission.findLeave({ caller, operation, found, body: {}, known })) !== undefined;
  }
}

/** Whether an offer may have another rule for each of its arguments. */
function hasOwnRules({ access, policies }: Offer): boolean {
  return typeof access.scopes === 'function' || policies.length > 0;
}

async function select<Item>(
  items: readonly Item[],
  isPermitted: (item: Item) => Promise<boolean>,
): Promise<readonly Item[]> {
  const permitted = await Promise.all(items.map(isPermitted));
  return items.filter((_item, index) => permitted[index]);
}
