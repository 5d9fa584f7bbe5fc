import type { McpCompletionOptions } from '../decorators/mcp-completion.decorator.js';
import type { McpResourceListOptions } from '../decorators/mcp-resource-list.decorator.js';
import {
  describePlace,
  type MethodHost,
  type Primitive,
  type PromptDefinition,
  type ResourceTemplateDefinition,
} from './primitive.js';
import { toKey } from './primitive-differences.js';

/** Methods that complete arguments or list resources for the primitives of other methods. */
export interface Companions {
  readonly completions: { readonly host: MethodHost; readonly options: McpCompletionOptions }[];
  readonly lists: { readonly host: MethodHost; readonly options: McpResourceListOptions }[];
}

/**
 * Attaches each companion to its primitive.
 *
 * @param primitives - the primitives of this server
 * @param everywhere - the primitives of all servers. A companion of another server's primitive is no fault
 * @param problems - receives a message for each faulty companion
 */
export function attachCompanions(
  { completions, lists }: Companions,
  primitives: readonly Primitive[],
  everywhere: readonly Primitive[],
  problems: string[],
): void {
  const targets = indexTargets(primitives);
  const known = indexTargets(everywhere);
  for (const { host, options } of completions) {
    const [kind, name] =
      'prompt' in options
        ? (['prompt', options.prompt] as const)
        : (['resourceTemplate', options.resourceTemplate] as const);
    const option = kind === 'prompt' ? 'prompt' : 'resourceTemplate';
    const target = targets.get(`${kind} ${name}`);
    if (!target) {
      if (!known.has(`${kind} ${name}`)) problems.push(describeMissing(host, option, name));
      continue;
    }
    if (!listArguments(target).includes(options.argument)) {
      problems.push(
        `\`argument\` of ${host.decorator} on ${describePlace(host)} is "${options.argument}", which "${name}" does not have. Use one of: ${listArguments(target).join(', ') || '(none)'}.`,
      );
    }
    const other = target.completions.get(options.argument)?.host;
    if (other && describePlace(other) !== describePlace(host)) {
      problems.push(
        `Two methods complete "${options.argument}" of "${name}": ${describePlace(other)} and ${describePlace(host)}. Remove one.`,
      );
    }
    if (!other) target.completions.set(options.argument, { host });
  }
  for (const { host, options } of lists) {
    const key = `resourceTemplate ${options.resourceTemplate}`;
    const target = targets.get(key);
    if (target?.kind === 'resourceTemplate') target.list ??= { host };
    else if (!known.has(key)) problems.push(describeMissing(host, 'resourceTemplate', options.resourceTemplate));
  }
}

type Target = PromptDefinition | ResourceTemplateDefinition;

/** What companions may belong to, by its key. The first of a name counts. */
function indexTargets(primitives: readonly Primitive[]): ReadonlyMap<string, Target> {
  const targets = new Map<string, Target>();
  for (const one of primitives) {
    const isTarget = one.kind === 'prompt' || one.kind === 'resourceTemplate';
    if (isTarget && !targets.has(toKey(one))) targets.set(toKey(one), one);
  }
  return targets;
}

function listArguments(target: Target): readonly string[] {
  return target.kind === 'prompt'
    ? (target.listing.arguments ?? []).map(({ name }) => name)
    : target.pattern.variables.map(({ name }) => name);
}

function describeMissing(host: MethodHost, option: string, name: string): string {
  return `\`${option}\` of ${host.decorator} on ${describePlace(host)} is "${name}", which nothing offers. Check the spelling, or remove the method.`;
}
