import type { Operation } from '../access/operation.js';
import type { Found } from './found.js';
import { OfferedResources } from './offered-resources.js';
import { isFound } from './search-role.js';
import { toKey } from './primitive-differences.js';
import type {
  Primitive,
  PromptDefinition,
  ResourceDefinition,
  ResourceTemplateDefinition,
  ToolDefinition,
} from './primitive.js';

/** Primitives of one server, by name and by URI. Lists are sorted by name. */
export class PrimitiveCollection {
  readonly uris = new OfferedResources();
  readonly #primitives = new Map<string, Primitive>();
  #sorted: readonly Primitive[] = [];
  #tools: readonly ToolDefinition[] = [];
  #resources: readonly ResourceDefinition[] = [];
  #templates: readonly ResourceTemplateDefinition[] = [];
  #prompts: readonly PromptDefinition[] = [];

  get all(): ReadonlyMap<string, Primitive> {
    return this.#primitives;
  }

  get sorted(): readonly Primitive[] {
    return this.#sorted;
  }

  get tools(): readonly ToolDefinition[] {
    return this.#tools;
  }

  get resources(): readonly ResourceDefinition[] {
    return this.#resources;
  }

  get templates(): readonly ResourceTemplateDefinition[] {
    return this.#templates;
  }

  get prompts(): readonly PromptDefinition[] {
    return this.#prompts;
  }

  /** Puts primitives in place of others. */
  replace(old: readonly Primitive[], added: readonly Primitive[]): void {
    for (const one of old) {
      this.#primitives.delete(toKey(one));
      if ('pattern' in one) this.uris.remove(one);
    }
    for (const one of added) {
      this.#primitives.set(toKey(one), one);
      if ('pattern' in one) this.uris.add(one);
    }
    const sorted = [...this.#primitives.values()].sort(({ name: a }, { name: b }) => (a < b ? -1 : 1));
    this.#sorted = sorted;
    this.#tools = sorted.filter((one) => one.kind === 'tool');
    this.#resources = sorted.filter((one) => one.kind === 'resource');
    this.#templates = sorted.filter((one) => one.kind === 'resourceTemplate');
    this.#prompts = sorted.filter((one) => one.kind === 'prompt');
  }

  /** @param findResource - finds a resource or template by its URI */
  find({ method, name, through }: Operation, findResource: (uri: string) => Found | undefined): Found | undefined {
    if (name === undefined) return undefined;
    switch (method) {
      case 'tools/call':
        return through === undefined || isFound(this.findTool(name)) ? this.findByName('tool', name) : undefined;
      case 'prompts/get':
        return this.findByName('prompt', name);
      case 'resources/read':
      case 'resources/subscribe':
      case 'resources/unsubscribe':
        return findResource(name);
      case 'completion/complete':
        return (
          this.findByName('prompt', name) ??
          this.findByName('resourceTemplate', name) ??
          this.findByName('resource', name)
        );
      default:
        return undefined;
    }
  }

  findTool(name: string): ToolDefinition | undefined {
    return this.#primitives.get(`tool ${name}`) as ToolDefinition | undefined;
  }

  findByName(kind: Primitive['kind'], name: string): Found | undefined {
    const primitive = this.#primitives.get(`${kind} ${name}`);
    return primitive && { primitive, variables: {} };
  }
}
