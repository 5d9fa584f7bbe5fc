import type { Caller } from '../authentication/caller.js';
import { argumentsIn, type Operation } from '../catalogue/operation.js';
import type { ToolDefinition } from '../catalogue/tool-definition.js';
import { parseWith, type Parsed } from '../catalogue/tool-schema.js';
import { holds, isSignedInAsNeeded, namedScopes, type AccessRule } from './access-rule.js';
import type { ScopeHierarchy } from './scope-hierarchy.js';
import { judgeScopes, problemOfRule, type ScopeRule } from './scope-rule.js';

/** A request whose caller is certain. */
export interface AuthorizationRequest {
  /** `undefined` where nobody said who they are. */
  readonly caller: Caller | undefined;
  readonly operation: Operation | undefined;
  /** The tool that the operation calls, if there is one of that name. */
  readonly tool: ToolDefinition | undefined;
  /** Whether the whole server is for everyone. */
  readonly isOpen: boolean;
  /** The JSON-RPC message. */
  readonly body: unknown;
}

/** What stands between a caller and an operation that a client can do something about. */
export interface Refusal {
  readonly error: 'insufficient_scope' | 'insufficient_user_authentication';
  /** All scopes that the operation takes. */
  readonly scopes: readonly string[];
  readonly rule: AccessRule;
}

/** Leave to do one operation for a certain caller. Only {@link authorize} makes one. */
export class AuthorizedOperation {
  private constructor(
    readonly caller: Caller | undefined,
    readonly operation: Operation | undefined,
    /** `undefined` for what is no call of a tool, and for tools that do not exist. */
    readonly tool: ToolDefinition | undefined,
    /** The arguments that the tool may be called with, or what is wrong with them. */
    readonly input: Parsed,
    /** Scopes that the operation takes. */
    readonly scopes: readonly string[],
  ) {}

  /** Gives leave where the caller holds the scopes that the operation takes, and signed in as it demands. */
  static async authorize(
    { caller, operation, tool, body, isOpen }: AuthorizationRequest,
    hierarchy: ScopeHierarchy,
  ): Promise<AuthorizedOperation | Refusal> {
    if (!tool) return new AuthorizedOperation(caller, operation, undefined, { problems: [] }, []);
    const { access } = tool;
    if (!caller && !access.anonymous && !isOpen)
      return { error: 'insufficient_scope', scopes: namedScopes(access), rule: access };
    // Arguments of callers whose scopes do not suffice anyhow are not looked at.
    const input = holds(caller, access, hierarchy) ? await parseWith(tool.input, argumentsIn(body)) : undefined;
    const { sufficient, needed } = judgeScopes(ruleFor(access, input), caller?.scopes ?? [], hierarchy);
    if (caller && !isSignedInAsNeeded(caller, access)) {
      return { error: 'insufficient_user_authentication', scopes: needed, rule: access };
    }
    if (!sufficient || !input) return { error: 'insufficient_scope', scopes: needed, rule: access };
    return new AuthorizedOperation(caller, operation, tool, input, needed);
  }
}

/** Where the arguments are wrong, the tool will not run, whatever it would take. */
function ruleFor({ scopes }: AccessRule, input: Parsed | undefined): ScopeRule {
  if (typeof scopes !== 'function') return scopes;
  if (!input || !('value' in input)) return [];
  const rule: unknown = scopes(input.value as never);
  const problem = problemOfRule(rule);
  if (problem) throw new Error(`What the function in \`scopes\` returned ${problem}`);
  return rule as ScopeRule;
}
