/** Checked by the compiler alone: what must not compile is marked so, and it is an error if it does. */
import { expectTypeOf } from 'expect-type';
import {
  CurrentCaller,
  McpCompletion,
  McpInput,
  McpPrompt,
  McpResourceList,
  McpResourceTemplate,
  McpTool,
  type Caller,
  type McpContext,
} from 'nestjs-mcp-auth';
import type { ArgumentsOf } from '../../lib/resource-server/decorators/access-options.js';
import type { Observable } from 'rxjs';
import { z } from 'zod';

const input = z.object({ id: z.string(), limit: z.number().default(10) });

export class WellTyped {
  @McpTool({ description: 'the validated arguments', input })
  all({ id, limit }: { id: string; limit: number }) {
    return `${id} ${limit}`;
  }

  @McpTool({ description: 'some of them', input })
  some({ id }: { id: string }, { caller }: McpContext) {
    return `${id} ${String(caller?.subject)}`;
  }

  @McpTool({ description: 'none', input })
  none() {
    return Promise.resolve();
  }

  @McpTool({ description: 'no schema', scopes: ['a'] as const, downstream: ['b'] as const })
  without(_input: unknown, { signal }: McpContext) {
    return signal.aborted;
  }
}

const output = z.object({ total: z.number() });

class FindOrder {
  id = '';
}

expectTypeOf<ArgumentsOf<typeof input>>().toEqualTypeOf<{ id: string; limit: number }>();
expectTypeOf<ArgumentsOf<typeof FindOrder>>().toEqualTypeOf<FindOrder>();

export class WellTypedResults {
  @McpTool({ description: 'a value of the schema', output })
  value() {
    return { total: 7 };
  }

  @McpTool({ description: 'later', output })
  later() {
    return Promise.resolve({ total: 7 });
  }

  @McpTool({ description: 'a whole result', output })
  whole() {
    return { content: [], structuredContent: { total: 7 } };
  }

  @McpTool({ description: 'what an API answers is looked at when it is there', output })
  unknown(): Promise<unknown> {
    return Promise.resolve({});
  }

  @McpTool({ description: 'one after another', output })
  async *items() {
    yield await Promise.resolve({ progress: 1 });
    yield { total: 7 };
  }

  @McpTool({ description: 'observed', output })
  observed(): Observable<{ total: number }> {
    throw new Error();
  }

  @McpTool({ description: 'a class', input: FindOrder })
  validated({ id }: FindOrder) {
    return id;
  }

  @McpTool({ description: 'decorators', input })
  decorated(@CurrentCaller() caller: Caller, @McpInput('id') id: string) {
    return `${caller.subject} ${id}`;
  }

  @McpPrompt({ input: z.object({ city: z.string() }) })
  prompt({ city }: { city: string }) {
    return city;
  }

  @McpResourceTemplate({ uriTemplate: 'orders://{id}', input: z.object({ id: z.coerce.number() }) })
  template({ id }: { id: number }) {
    return { id };
  }

  @McpResourceTemplate({ uriTemplate: 'orders://{id}{/path*}{?q,limit:3}' })
  variables(input: { uri: string; id: string; path: string | string[]; q: string; limit: string }) {
    return [input.uri, input.id, input.path];
  }

  async context(context: McpContext) {
    const answer = await context.elicit('?', z.object({ sure: z.boolean() }));
    expectTypeOf(answer).toEqualTypeOf<
      { readonly action: 'accept'; readonly content: { sure: boolean } } | { readonly action: 'decline' | 'cancel' }
    >();
    expectTypeOf(await context.once('key', () => 7)).toEqualTypeOf<number>();
  }
}

export class IllTyped {
  // @ts-expect-error total is a number
  @McpTool({ description: 'another result', output })
  result() {
    return { total: '7' };
  }

  // @ts-expect-error nothing comes of it
  @McpTool({ description: 'no result', output })
  async nothing() {
    await Promise.resolve();
  }

  // @ts-expect-error id is no number
  @McpTool({ description: 'another class', input: FindOrder })
  validated({ id }: { id: number }) {
    return id;
  }

  // @ts-expect-error city is a string
  @McpPrompt({ input: z.object({ city: z.string() }) })
  prompt({ city }: { city: number }) {
    return String(city);
  }

  // @ts-expect-error id is a number here
  @McpResourceTemplate({ uriTemplate: 'orders://{id}', input: z.object({ id: z.coerce.number() }) })
  template({ id }: { id: string }) {
    return { id };
  }

  // @ts-expect-error there is no such variable
  @McpResourceTemplate({ uriTemplate: 'orders://{id}' })
  variables({ name }: { name: string }) {
    return name;
  }

  // @ts-expect-error values are strings
  @McpCompletion({ prompt: 'x', argument: 'y' })
  completion() {
    return [7];
  }

  // @ts-expect-error these are no resources
  @McpResourceList({ resourceTemplate: 'orders://{id}' })
  list() {
    return ['orders://7'];
  }

  // @ts-expect-error id is a string
  @McpTool({ description: 'another type', input })
  another({ id }: { id: number }) {
    return id;
  }

  // @ts-expect-error there is no such argument
  @McpTool({ description: 'an argument that is not there', input })
  missing({ name }: { name: string }) {
    return name;
  }

  // @ts-expect-error a description is required
  @McpTool({ input })
  silent() {
    return;
  }
}
