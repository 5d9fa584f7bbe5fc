import { expect, test } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { McpCompletion, McpPrompt, McpResource, McpResourceList, McpResourceTemplate, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { startProtectedServer } from '../support/protected-server.js';

/** A class with one method that carries a decorator of plain JavaScript. */
function declare(...decorators: readonly MethodDecorator[]): Type {
  class Offers {
    first(): string {
      return 'x';
    }

    second(): string {
      return 'x';
    }
  }
  const { prototype } = Offers;
  for (const [index, decorate] of decorators.entries()) {
    const method = index === 0 ? 'first' : 'second';
    decorate(prototype, method, Object.getOwnPropertyDescriptor(prototype, method) as PropertyDescriptor);
  }
  return Offers;
}

class WithoutDecorators {
  readonly id = '';
}

function refuse(): never {
  throw new Error('is not to be described');
}

/** A schema of another library. */
const THROWING = {
  '~standard': {
    version: 1,
    vendor: 'acme',
    validate: (value: unknown) => ({ value }),
    jsonSchema: { input: refuse, output: refuse },
  },
} as never;

const ORDERS = McpResourceTemplate({ uriTemplate: 'orders://{id}' }) as MethodDecorator;
const REPORT = McpPrompt({ name: 'report', input: z.object({ month: z.string() }) }) as MethodDecorator;

test.each<[name: string, declared: Type, told: string]>([
  [
    'a resource without a scheme',
    declare(McpResource({ uri: 'today' }) as MethodDecorator),
    '`uri` of @McpResource on Offers.first is "today", which is not a URI. Write one with a scheme',
  ],
  [
    'a template without a variable',
    declare(McpResourceTemplate({ uriTemplate: 'orders://all' }) as MethodDecorator),
    '`uriTemplate` of @McpResourceTemplate on Offers.first is "orders://all", which is not a template of RFC 6570 with a variable',
  ],
  [
    'a template that is not closed',
    declare(McpResourceTemplate({ uriTemplate: 'orders://{id' }) as MethodDecorator),
    '`uriTemplate` of @McpResourceTemplate on Offers.first is "orders://{id", which is not a template of RFC 6570 that URIs can be matched with',
  ],
  [
    'a template whose input has what it has no variable for',
    declare(
      McpResourceTemplate({ uriTemplate: 'orders://{id}', input: z.object({ no: z.string() }) }) as MethodDecorator,
    ),
    '`input` of @McpResourceTemplate on Offers.first has "no", which is not a variable of "orders://{id}"',
  ],
  [
    'a template whose input is no object',
    declare(McpResourceTemplate({ uriTemplate: 'orders://{id}', input: z.string() as never }) as MethodDecorator),
    '`input` of @McpResourceTemplate on Offers.first does not describe an object',
  ],
  [
    'a prompt without a name',
    declare(McpPrompt({ name: ' ' }) as MethodDecorator),
    '`name` of @McpPrompt on Offers.first is " ". Use 1 to 128 characters',
  ],
  [
    'a prompt whose input is no object',
    declare(McpPrompt({ input: z.string() as never }) as MethodDecorator),
    '`input` of @McpPrompt on Offers.first does not describe an object',
  ],
  [
    'a tool whose name clients cannot write',
    declare(McpTool({ name: 'find order', description: 'x' }) as MethodDecorator),
    '`name` of @McpTool on Offers.first is "find order". Use 1 to 128 letters',
  ],
  ...[undefined, '', ' \n'].map((description): [string, ReturnType<typeof declare>, string] => [
    `a tool whose description is ${JSON.stringify(description)}`,
    declare(McpTool({ description: description as string }) as MethodDecorator),
    '`description` of @McpTool on Offers.first is missing. A model chooses a tool by it.',
  ]),
  [
    'a tool whose input is no object',
    declare(McpTool({ description: 'x', input: z.array(z.string()) as never }) as MethodDecorator),
    '`input` of @McpTool on Offers.first does not describe an object',
  ],
  [
    'a tool whose class has no decorators of class-validator',
    declare(McpTool({ description: 'x', input: WithoutDecorators }) as MethodDecorator),
    '`input` of @McpTool on Offers.first is WithoutDecorators, which has no decorators of class-validator',
  ],
  ...(
    [
      ['tool', 'input', McpTool({ description: 'x', input: THROWING })],
      ['tool', 'output', McpTool({ description: 'x', output: THROWING })],
      ['prompt', 'input', McpPrompt({ input: THROWING })],
      ['resourceTemplate', 'input', McpResourceTemplate({ uriTemplate: 'orders://{id}', input: THROWING })],
    ] as const
  ).map(([kind, option, decorator]): [string, Type, string] => [
    `a ${kind} whose ${option} cannot be described`,
    declare(decorator as MethodDecorator),
    `\`${option}\` of @Mcp${kind.charAt(0).toUpperCase()}${kind.slice(1)} on Offers.first is not to be described.`,
  ]),
  [
    'a completion of a prompt without arguments',
    declare(
      McpPrompt({ name: 'bare' }) as MethodDecorator,
      McpCompletion({ prompt: 'bare', argument: 'month' }) as MethodDecorator,
    ),
    '`argument` of @McpCompletion on Offers.second is "month", which "bare" does not have. Use one of: (none).',
  ],
  [
    'a task that is kept for no time',
    declare(McpTool({ description: 'x', task: { ttlMs: 0 } }) as MethodDecorator),
    '`task.ttlMs` of @McpTool on Offers.first is not a whole number of milliseconds from 1 up',
  ],
  [
    'an exchange for nothing',
    declare(McpTool({ description: 'x', exchange: 'lazy' }) as MethodDecorator),
    '`exchange` of @McpTool on Offers.first is set, but there is no `downstream` to get a token for',
  ],
  [
    'a completion of a prompt that nobody offers',
    declare(REPORT, McpCompletion({ prompt: 'reports', argument: 'month' }) as MethodDecorator),
    '`prompt` of @McpCompletion on Offers.second is "reports", which nothing offers',
  ],
  [
    'a completion of a template that nobody offers',
    declare(ORDERS, McpCompletion({ resourceTemplate: 'order://{id}', argument: 'id' }) as MethodDecorator),
    '`resourceTemplate` of @McpCompletion on Offers.second is "order://{id}", which nothing offers',
  ],
  [
    'a completion of an argument that a prompt does not have',
    declare(REPORT, McpCompletion({ prompt: 'report', argument: 'year' }) as MethodDecorator),
    '`argument` of @McpCompletion on Offers.second is "year", which "report" does not have. Use one of: month',
  ],
  [
    'a completion of a variable that a template does not have',
    declare(ORDERS, McpCompletion({ resourceTemplate: 'orders://{id}', argument: 'no' }) as MethodDecorator),
    '`argument` of @McpCompletion on Offers.second is "no", which "orders://{id}" does not have. Use one of: id',
  ],
  [
    'a list of the resources of a template that nobody offers',
    declare(ORDERS, McpResourceList({ resourceTemplate: 'order://{id}' }) as MethodDecorator),
    '`resourceTemplate` of @McpResourceList on Offers.second is "order://{id}", which nothing offers',
  ],
])('%s stops the boot', async (_name, declared, told) => {
  await expect(startProtectedServer({ providers: [declared] })).rejects.toThrow(told);
});

test('two methods that complete the same argument stop the boot', async () => {
  const complete = McpCompletion({ prompt: 'report', argument: 'month' }) as MethodDecorator;
  await expect(startProtectedServer({ providers: [declare(REPORT), declare(complete, complete)] })).rejects.toThrow(
    'Two methods complete "month" of "report": Offers.first and Offers.second. Remove one.',
  );
});

test.each<[name: string, decorators: readonly (() => MethodDecorator)[]]>([
  ['McpTool', [() => McpTool({ description: 'One' }), () => McpTool({ description: 'Two' })] as never],
  ['McpPrompt', [() => McpPrompt({ name: 'one' }), () => McpPrompt({ name: 'two' })] as never],
  ['McpResource', [() => McpResource({ uri: 'a://one' }), () => McpResource({ uri: 'a://two' })] as never],
  ['McpResourceTemplate', [() => ORDERS, () => ORDERS]],
  [
    'McpResourceList',
    [
      () => McpResourceList({ resourceTemplate: 'orders://{id}' }),
      () => McpResourceList({ resourceTemplate: 'bills://{id}' }),
    ] as never,
  ],
  [
    'McpCompletion',
    [
      () => McpCompletion({ prompt: 'report', argument: 'month' }),
      () => McpCompletion({ prompt: 'bill', argument: 'month' }),
    ] as never,
  ],
])('@%s twice on one method stops the boot, because one of them would be lost', async (name, decorators) => {
  class Twice {
    first(): string {
      return 'x';
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Twice.prototype, 'first') as PropertyDescriptor;
  for (const decorate of decorators) decorate()(Twice.prototype, 'first', descriptor);
  await expect(startProtectedServer({ providers: [Twice] })).rejects.toThrow(
    `Twice.first has @${name} more than once, and only the first one would count. Write a method for each.`,
  );
});

test('two tools of one name stop the boot, as does a class that two modules provide', async () => {
  const named = McpTool({ name: 'find', description: 'x' }) as MethodDecorator;
  const twins = declare(named, named);
  class Other {
    readonly name = 'other';
  }
  const twice = declare(named);

  await expect(startProtectedServer({ providers: [twins] })).rejects.toThrow(
    'Two tools are named "find": Offers.first and Offers.second. Rename one.',
  );
  await expect(
    startProtectedServer({ providers: [twice], imports: [{ module: Other, providers: [twice] }] }),
  ).rejects.toThrow(
    'Two tools are named "find": Offers.first and Offers.first. Provide the class in one module alone, and export it from there.',
  );
});

test('a value that is no object of a class offers nothing', async () => {
  const bare = { provide: 'bare', useValue: Object.assign(Object.create(null) as object, { a: 1 }) };
  const server = await startProtectedServer({ providers: [bare, declare(REPORT)] });

  expect(server.log.text).not.toContain('bare');
  await server.close();
});
