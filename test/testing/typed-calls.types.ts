/** Checked by the compiler alone: what must not compile is marked so, and it is an error if it does. */
import { expect } from '@jest/globals';
import type { CallToolResult } from '@modelcontextprotocol/client';
import type { McpContext } from 'nestjs-mcp-auth';
import type { TestCaller, TestDownstream, TestIssuer, ToolValue } from 'nestjs-mcp-auth/testing';
import 'nestjs-mcp-auth/testing/jest';
import { OrderTools, type Order } from './orders-app.js';

type IsAny<Type> = 0 extends 1 & Type ? true : false;
type Same<A, B> = IsAny<A> extends true ? false : [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Check<Truth extends true> = Truth;
type ValueOf<Returned> = ToolValue<() => Returned>;

export type Checks = [
  Check<Same<ValueOf<Promise<{ at: Date; tags: readonly Date[] }>>, { at: string; tags: string[] }>>,
  Check<Same<ValueOf<Promise<{ id: string } | undefined>>, { id: string } | undefined>>,
  Check<Same<ValueOf<Promise<void>>, undefined>>,
  Check<Same<ValueOf<string>, string>>,
  Check<Same<ValueOf<CallToolResult>, unknown>>,
  Check<Same<ValueOf<Promise<unknown>>, unknown>>,
  Check<Same<ValueOf<number[]>, unknown>>,
  Check<Same<keyof ValueOf<{ id?: string; close(): void }>, 'id'>>,
  Check<Same<ToolValue<OrderTools['findOrder']>, Order>>,
  Check<Same<ToolValue<OrderTools['openingHours']>, { from: string; days: string[] }>>,
  // @ts-expect-error a date has become a string
  Check<Same<ValueOf<{ at: Date }>, { at: Date }>>,
];

export async function wellTyped(caller: TestCaller): Promise<[string, string, string[], undefined, unknown]> {
  const { findOrder } = OrderTools.prototype;
  const context = (_input: { id: string }, { signal }: McpContext) => signal.aborted;
  const optional = ({ limit }: { limit?: number }) => ({ limit });
  await caller.callTool(context, { id: '7' }, { signal: new AbortController().signal });
  await caller.callTool(optional);
  await caller.callTool(optional, { limit: 1 });
  return [
    (await caller.callTool(findOrder, { id: '7' })).value.owner,
    (await caller.callTool([OrderTools, 'cancel'], { id: '7', reason: 'late' })).value,
    (await caller.callTool([OrderTools, 'openingHours'])).value.days,
    (await caller.callTool([OrderTools, 'nothing'], {}, { timeout: 1000 })).value,
    (await caller.callTool('find_order', { whatever: 1 })).value,
  ];
}

export async function illTyped(caller: TestCaller): Promise<void> {
  const { findOrder } = OrderTools.prototype;
  // @ts-expect-error id is a string
  await caller.callTool(findOrder, { id: 7 });
  // @ts-expect-error id is required
  await caller.callTool(findOrder, {});
  // @ts-expect-error the argument is required
  await caller.callTool(findOrder);
  // @ts-expect-error there is no such argument
  await caller.callTool(findOrder, { id: '7', colour: 'red' });
  // @ts-expect-error id is a string
  await caller.callTool([OrderTools, 'findOrder'], { id: 7 });
  // @ts-expect-error there is no such method
  await caller.callTool([OrderTools, 'findOrders'], { id: '7' });
  // @ts-expect-error it is a text
  const amount: number = (await caller.callTool([OrderTools, 'cancel'], { id: '7' })).value;
  await caller.callTool('pay', { amount });
}

export async function matched(caller: TestCaller, issuer: TestIssuer, orders: TestDownstream): Promise<void> {
  await expect(caller.callTool('find_order')).toChallengeFor('orders:read');
  await expect(caller.callTool('find_order')).rejects.toChallengeFor('orders:read');
  const waiting: Promise<void> = expect(caller.callTool('find_order')).not.toBeToolError(/x/);
  await waiting;
  expect(await caller.callTool('find_order')).toBeToolError('x');
  expect(issuer).toHaveExchangedFor({ audience: 'orders-api', scopes: ['orders:read'], subject: 'alice' });
  expect(orders).toHaveBeenCalledOnBehalfOf('alice', { path: '/orders/7' });
  // @ts-expect-error which scopes?
  await expect(caller.callTool('find_order')).toChallengeFor();
  // @ts-expect-error an exchange has no such thing
  expect(issuer).toHaveExchangedFor({ audiences: ['orders-api'] });
  // @ts-expect-error on whose behalf?
  expect(orders).toHaveBeenCalledOnBehalfOf();
}
