import { Injectable, UsePipes, type PipeTransform } from '@nestjs/common';
import { Anonymous, Denial, McpTool, UsePolicy } from 'nestjs-mcp-auth';
import type { McpContext, Policy, PolicyRequest } from 'nestjs-mcp-auth';
import { z } from 'zod';

/** What the tools did, in order. */
export const effects: string[] = [];

/** Tools whose signal was aborted. */
export const cancelled: string[] = [];

class ByDay implements Policy {
  permits({ caller, operation, arguments: args }: PolicyRequest) {
    const isAsked = operation.method === 'tools/call' && operation.name === 'by_day' && args !== undefined;
    return isAsked && caller?.claims.night !== true ? true : new Denial('Not by night.');
  }
}

/** Denies to the poor what is much. */
class ByAmount implements Policy {
  permits({ caller, arguments: args }: PolicyRequest) {
    return (args as { amount: number }).amount > 10 && caller?.claims.poor === true ? new Denial('Too much.') : true;
  }
}

class TenTimes implements PipeTransform {
  transform({ amount: much }: { amount: number }) {
    return { amount: 10 * much };
  }
}

const amount = z.object({ amount: z.number() });

/** Tools that ask their user before they pay. Each has one condition. */
@Injectable()
export class PayingTools {
  @McpTool({ description: 'x', scopes: ['pay'], task: true })
  async fixed(_input: unknown, context: McpContext) {
    return await pay('fixed', context);
  }
  @McpTool({
    description: 'x',
    input: amount,
    scopes: ({ amount: much }) => [much > 10 ? 'pay:much' : 'pay'],
    task: true,
  })
  async computed(_input: unknown, context: McpContext) {
    return await pay('computed', context);
  }
  @UsePipes(TenTimes)
  @McpTool({
    description: 'x',
    input: amount,
    scopes: ({ amount: much }) => [much > 10 ? 'pay:much' : 'pay'],
    task: true,
  })
  async piped(_input: unknown, context: McpContext) {
    return await pay('piped', context);
  }
  @UsePipes(TenTimes)
  @UsePolicy(ByAmount)
  @McpTool({ description: 'x', input: amount, task: true })
  async pipedToPolicy(_input: unknown, context: McpContext) {
    return await pay('piped_to_policy', context);
  }
  @McpTool({ description: 'x', acrValues: ['mfa'], task: true })
  async strong(_input: unknown, context: McpContext) {
    return await pay('strong', context);
  }
  @McpTool({ description: 'x', maxAgeMs: 600_000, task: true })
  async recent(_input: unknown, context: McpContext) {
    return await pay('recent', context);
  }
  @UsePolicy(ByDay)
  @McpTool({ description: 'x', task: true })
  async byDay(_input: unknown, context: McpContext) {
    return await pay('by_day', context);
  }
  @McpTool({ description: 'x', appOnly: 'deny', task: true })
  async ofUsers(_input: unknown, context: McpContext) {
    return await pay('of_users', context);
  }
  @McpTool({ description: 'x', task: true })
  async ofClients(_input: unknown, context: McpContext) {
    return await pay('of_clients', context);
  }
  @Anonymous()
  @McpTool({ description: 'x' })
  async ofAnyone(_input: unknown, context: McpContext) {
    return await pay('of_anyone', context);
  }
}

/** Pays once the user has said so. */
async function pay(tool: string, context: McpContext): Promise<string> {
  context.signal.addEventListener('abort', () => cancelled.push(tool));
  const { action } = await context.elicit('Sure?', z.object({ sure: z.boolean() }));
  if (action === 'accept') effects.push(`${tool} has paid`);
  return 'the secret result';
}

/** Arguments of a tool. Those of `computed` need the scope `pay:much`, and so does what pipes make of the others. */
export function argumentsOf(tool: string): Record<string, unknown> {
  return { amount: tool === 'computed' ? 11 : 2 };
}

/** What is said in a token besides who it is of. */
export interface Rights {
  readonly scope: string;
  readonly claims: Record<string, unknown>;
}

/** What is enough for each tool. */
export const GOOD: Rights = { scope: 'pay pay:much', claims: { acr: 'mfa', auth_time: Math.floor(Date.now() / 1000) } };

/** What is weaker now than it was, the tool that asks for it, and why that is refused. */
export const WEAKER: readonly (readonly [what: string, tool: string, weaker: Partial<Rights>, reason: string])[] = [
  ['the scope is gone', 'fixed', { scope: 'other' }, 'insufficient_scope'],
  ['the scope is not that of the arguments', 'computed', { scope: 'pay' }, 'insufficient_scope'],
  ['the scope is not that of what a pipe made of the arguments', 'piped', { scope: 'pay' }, 'insufficient_scope'],
  ['a policy objects to what a pipe made of the arguments', 'piped_to_policy', { claims: { poor: true } }, 'policy'],
  ['the sign-in is weak', 'strong', { claims: { acr: 'pwd' } }, 'insufficient_user_authentication'],
  ['the sign-in is old', 'recent', { claims: { auth_time: 1 } }, 'insufficient_user_authentication'],
  ['a policy objects', 'by_day', { claims: { night: true } }, 'policy'],
  ['no user is there', 'of_users', { claims: { idtyp: 'app' } }, 'app_only'],
];

/** {@link GOOD}, but for what is weaker. */
export function weaken({ scope = GOOD.scope, claims = {} }: Partial<Rights>): Rights {
  return { scope, claims: { ...GOOD.claims, ...claims } };
}
