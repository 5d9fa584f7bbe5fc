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

/** The primitives of one server in lists, each sorted by name. */
interface Lists {
  readonly all: readonly Primitive[];
  readonly tools: readonly ToolDefinition[];
  /** The tools that `tools/list` shows. */
  readonly listedTools: readonly ToolDefinition[];
  readonly resources: readonly ResourceDefinition[];
  readonly templates: readonly ResourceTemplateDefinition[];
  readonly prompts: readonly PromptDefinition[];
  /** Whether methods of the application list resources of templates. */
  readonly hasListMethods: boolean;
}

/** Primitives of one server, by name and by URI. */
export class PrimitiveCollection {
  readonly uris = new OfferedResources();
  readonly #primitives = new Map<string, Primitive>();
  /** How many can be called without a token, and how many have scopes that are computed for each request. */
  readonly #counts = { anonymous: 0, computed: 0 };
  #lists: Lists | undefined;

  get all(): ReadonlyMap<string, Primitive> {
    return this.#primitives;
  }

  /** Made when somebody asks for them: many primitives may come one after the other. */
  get lists(): Lists {
    return (this.#lists ??= sortIntoLists(this.#primitives.values()));
  }

  /** Whether anything can be called without a token. */
  get hasAnonymous(): boolean {
    return this.#counts.anonymous > 0;
  }

  /** Whether the scopes of anything are computed for each request. */
  get hasComputedScopes(): boolean {
    return this.#counts.computed > 0;
  }

  /** Puts primitives in place of others. */
  replace(old: readonly Primitive[], added: readonly Primitive[]): void {
    for (const one of old) {
      this.#count(one, -1);
      this.#primitives.delete(toKey(one));
      if ('pattern' in one) this.uris.remove(one);
    }
    for (const one of added) {
      this.#count(one, 1);
      this.#primitives.set(toKey(one), one);
      if ('pattern' in one) this.uris.add(one);
    }
    this.#lists = undefined;
  }

  #count({ access: { anonymous, scopes } }: Primitive, by: 1 | -1): void {
    if (anonymous) this.#counts.anonymous += by;
    if (typeof scopes === 'function') this.#counts.computed += by;
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

function sortIntoLists(primitives: Iterable<Primitive>): Lists {
  const all = [...primitives].sort(({ name: a }, { name: b }) => (a < b ? -1 : 1));
  const tools = all.filter((one) => one.kind === 'tool');
  const templates = all.filter((one) => one.kind === 'resourceTemplate');
  return {
    all,
    tools,
    listedTools: tools.filter(({ search }) => search !== 'found'),
    resources: all.filter((one) => one.kind === 'resource'),
    templates,
    prompts: all.filter((one) => one.kind === 'prompt'),
    hasListMethods: templates.some(({ list }) => list),
  };
}
