import { listNamedScopes, selectFixedScopes, type AccessRule } from '../resource-server/access/access-rule.js';
import type { ScopeRule } from '../resource-server/access/scope-rule.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { Finding } from './finding.js';

/** What the doctor knows about a tool. */
export interface ExaminedTool {
  readonly name: string;
  /** Scopes that do not depend on the arguments. */
  readonly scopes: readonly string[];
  /** How they belong together. Defaults to all of them. */
  readonly rule?: ScopeRule;
  /** Whether its scopes depend on the arguments, too. */
  readonly computesScopes?: boolean;
  /** Whether it may be called without a token. */
  readonly anonymous?: boolean;
  /** Whether it says that it only reads. */
  readonly readOnly?: boolean;
  readonly downstreams: readonly string[];
}

/** What a tool requires, as the doctor knows it. */
export function describeAccess(
  access: Pick<AccessRule, 'scopes'> & Partial<Pick<AccessRule, 'anonymous'>>,
): Pick<ExaminedTool, 'scopes' | 'rule' | 'computesScopes' | 'anonymous'> {
  return {
    scopes: listNamedScopes(access),
    rule: selectFixedScopes(access),
    computesScopes: typeof access.scopes === 'function',
    anonymous: access.anonymous ?? false,
  };
}

/** Checks that every declared downstream is used, and that every used downstream is declared. */
export function checkDownstreams(tools: readonly ExaminedTool[], { downstreams }: ResolvedOptions): Finding[] {
  const used = new Set(tools.flatMap((tool) => tool.downstreams));
  const unused = [...downstreams.keys()].filter((name) => !used.has(name));
  return [
    ...unused.map((name): Finding => ({
      code: 'downstream_unused',
      severity: 'warning',
      subject: `downstreams.${name}`,
      message: 'No tool declares it, so nothing can call it.',
      fix: `Add \`downstream: "${name}"\` to the @McpTool that calls it, or remove it: the client should be allowed no more than is used.`,
    })),
    ...tools.flatMap((tool) =>
      tool.downstreams
        .filter((name) => !downstreams.has(name))
        .map((name): Finding => ({
          code: 'downstream_not_declared',
          severity: 'error',
          subject: `@McpTool ${tool.name}`,
          message: `Its \`downstream\` is "${name}", which \`downstreams\` does not have: the server does not start.`,
          fix: `Add it there, or use one of: ${[...downstreams.keys()].join(', ') || '(none)'}.`,
        })),
    ),
  ];
}
