import type { Caller } from '../access/caller.js';
import { argumentsIn, completionIn, type Operation } from '../access/operation.js';
import { parseWith, type Parsed } from '../catalogue/arguments-schema.js';
import type { Found } from '../catalogue/found.js';
import type { Offer, Primitive } from '../catalogue/primitive.js';
import { holds, isSignedInAsNeeded, namedScopes, type AccessRule } from '../access/access-rule.js';
import type { ScopeHierarchy } from '../access/scope-hierarchy.js';
import { judgeScopes, problemOfRule, type ScopeRule } from '../access/scope-rule.js';

/** A request whose caller is certain. */
export interface AuthorizationRequest<One extends Offer = Primitive> {
  /** `undefined` where nobody said who they are. */
  readonly caller: Caller | undefined;
  readonly operation: Operation | undefined;
  /** What the operation is about, if there is such a thing. */
  readonly found: Found<One> | undefined;
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
export class AuthorizedOperation<One extends Offer = Primitive> {
  private constructor(
    readonly caller: Caller | undefined,
    readonly operation: Operation | undefined,
    /** `undefined` for what is about no primitive, and for those that do not exist. */
    readonly primitive: One | undefined,
    /** The arguments that its method may be called with, or what is wrong with them. */
    readonly input: Parsed,
    /** Scopes that the operation takes. */
    readonly scopes: readonly string[],
  ) {}

  /** Gives leave where the caller holds the scopes that the operation takes, and signed in as it demands. */
  static async authorize<One extends Offer>(
    { caller, operation, found, body, isOpen }: AuthorizationRequest<One>,
    hierarchy: ScopeHierarchy,
  ): Promise<AuthorizedOperation<One> | Refusal> {
    if (!found) return new AuthorizedOperation<One>(caller, operation, undefined, { problems: [] }, []);
    const { primitive } = found;
    const { access } = primitive;
    if (!caller && !access.anonymous && !isOpen)
      return { error: 'insufficient_scope', scopes: namedScopes(access), rule: access };
    // Arguments of callers whose scopes do not suffice anyhow are not looked at.
    const input = holds(caller, access, hierarchy) ? await inputOf(found, operation, body) : undefined;
    const { sufficient, needed } = judgeScopes(ruleFor(access, operation, input), caller?.scopes ?? [], hierarchy);
    if (caller && !isSignedInAsNeeded(caller, access)) {
      return { error: 'insufficient_user_authentication', scopes: needed, rule: access };
    }
    if (!sufficient || !input) return { error: 'insufficient_scope', scopes: needed, rule: access };
    return new AuthorizedOperation(caller, operation, primitive, input, needed);
  }
}

/** What is asked about a primitive, and not of it. */
const WITHOUT_ARGUMENTS = new Set(['completion/complete', 'resources/list']);

/** What the method gets, as validated. */
async function inputOf(
  { primitive, variables }: Found<Offer>,
  operation: Operation | undefined,
  body: unknown,
): Promise<Parsed> {
  if (operation?.method === 'completion/complete') return { value: completionIn(body) };
  if (operation?.method === 'resources/list') return { value: {} };
  switch (primitive.kind) {
    case 'resource':
      return { value: { uri: operation?.name ?? primitive.name } };
    case 'resourceTemplate':
      return primitive.input
        ? await parseWith(primitive.input, variables)
        : { value: { uri: operation?.name, ...variables } };
    default:
      return await parseWith(primitive.input, argumentsIn(body));
  }
}

/** Where the arguments are wrong, the tool will not run, whatever it would take. */
function ruleFor({ scopes }: AccessRule, operation: Operation | undefined, input: Parsed | undefined): ScopeRule {
  if (typeof scopes !== 'function') return scopes;
  // What arguments will take is not known before there are any.
  if (WITHOUT_ARGUMENTS.has(operation?.method ?? '')) return [];
  if (!input || !('value' in input)) return [];
  const rule: unknown = scopes(input.value as never);
  const problem = problemOfRule(rule);
  if (problem) throw new Error(`What the function in \`scopes\` returned ${problem}`);
  return rule as ScopeRule;
}
