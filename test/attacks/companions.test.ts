import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable, type PipeTransform } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import {
  McpCompletion,
  McpPrompt,
  McpResource,
  McpResourceList,
  McpResourceTemplate,
  UsePolicy,
  type CompletionInput,
  type Policy,
  type PolicyRequest,
} from 'nestjs-mcp-auth';
import { z } from 'zod';
import { startForeignServer, type ForeignServer } from '../foreign-servers/foreign-server.js';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** A scope for each region; the customers of a region are its secret. */
const byRegion = (input: unknown) => [`customers:${(input as { region: string }).region}`];
const CUSTOMERS: Readonly<Record<string, readonly string[]>> = {
  eu: ['Anton', 'Berta'],
  us: ['Alice', 'Bob'],
};
const NAMES = Object.values(CUSTOMERS).flat();
const customersOf = ({ arguments: { region = '' } }: CompletionInput): readonly string[] =>
  CUSTOMERS[region.toLowerCase()] ?? NAMES;

class InRegion implements Policy {
  permits({ caller, arguments: input }: PolicyRequest): boolean {
    const { region } = input as { region?: string };
    return region === undefined || caller?.scopes.includes(`customers:${region}`) === true;
  }
}
/** Looks at no argument. */
class OnWeekdays implements Policy {
  permits({ caller }: PolicyRequest): boolean {
    return caller !== undefined;
  }
}
class Trim implements PipeTransform {
  transform(value: unknown): unknown {
    if (typeof value === 'string') return value.trim();
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.transform(one)]));
  }
}

const region = z.string().trim().toLowerCase();

@Injectable()
class Offers {
  @McpPrompt({ description: 'x', input: z.object({ region, customer: z.string() }), scopes: byRegion })
  letter() {
    return 'x';
  }
  @McpCompletion({ prompt: 'letter', argument: 'region' })
  letterRegions() {
    return Object.keys(CUSTOMERS);
  }
  @McpCompletion({ prompt: 'letter', argument: 'customer' })
  letterCustomers(input: CompletionInput) {
    return { values: [...customersOf(input)], total: 4, hasMore: true };
  }

  @McpPrompt({
    description: 'x',
    input: z.object({ region, customer: z.string(), form: z.string() }),
    scopes: byRegion,
  })
  form() {
    return 'x';
  }
  @McpCompletion({ prompt: 'form', argument: 'customer' })
  formCustomers(input: CompletionInput) {
    return customersOf(input);
  }

  @McpPrompt({
    description: 'x',
    input: z.object({ region: z.string(), customer: z.string() }).refine(() => true),
    scopes: byRegion,
  })
  refined() {
    return 'x';
  }
  @McpCompletion({ prompt: 'refined', argument: 'customer' })
  refinedCustomers(input: CompletionInput) {
    return customersOf(input);
  }

  @McpPrompt({
    description: 'x',
    input: z.object({ region: z.enum(['eu', 'us']) }),
    scopes: byRegion,
  })
  choice() {
    return 'x';
  }

  @McpPrompt({
    description: 'x',
    input: z.object({ region: z.string(), customer: z.string() }),
    scopes: () => {
      throw new Error('no');
    },
  })
  throwing() {
    return 'x';
  }
  @McpCompletion({ prompt: 'throwing', argument: 'customer' })
  throwingCustomers() {
    return NAMES;
  }

  @UsePolicy(InRegion)
  @McpPrompt({ description: 'x', input: z.object({ region: z.string().optional(), customer: z.string() }) })
  policed() {
    return 'x';
  }
  @McpCompletion({ prompt: 'policed', argument: 'customer' })
  policedCustomers(input: CompletionInput) {
    return customersOf(input);
  }

  @UsePolicy(OnWeekdays)
  @McpPrompt({ description: 'x', input: z.object({ city: z.string(), pace: z.string() }) })
  plain() {
    return 'x';
  }
  @McpCompletion({ prompt: 'plain', argument: 'city' })
  cities() {
    return ['Bern'];
  }

  @McpResourceTemplate({ uriTemplate: 'customers://{region}/{customer}', scopes: byRegion })
  customer() {
    return 'x';
  }
  @McpCompletion({ resourceTemplate: 'customers://{region}/{customer}', argument: 'region' })
  regions() {
    return Object.keys(CUSTOMERS);
  }
  @McpCompletion({ resourceTemplate: 'customers://{region}/{customer}', argument: 'customer' })
  customers(input: CompletionInput) {
    return customersOf(input);
  }
  @McpResourceList({ resourceTemplate: 'customers://{region}/{customer}' })
  list() {
    return Object.entries(CUSTOMERS).flatMap(([one, names]) =>
      names.map((name) => ({ uri: `customers://${one}/${name}`, name })),
    );
  }

  @McpResourceTemplate({ uriTemplate: 'files://{name}', scopes: [] })
  file() {
    return 'x';
  }
  @McpResource({ uri: 'files://Alice', scopes: ['customers:us'] })
  alice() {
    return 'x';
  }
  @McpCompletion({ resourceTemplate: 'files://{name}', argument: 'name' })
  files() {
    return ['Alice', 'readme'];
  }
  @McpResourceList({ resourceTemplate: 'files://{name}' })
  fileList() {
    return [
      { uri: 'files://readme', name: 'readme' },
      { uri: 'customers://us/Bob', name: 'Bob' },
    ];
  }
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      providers: [Offers, { provide: APP_PIPE, useClass: Trim }],
    });
  });
  afterAll(() => server.close());

  async function ask(method: string, params: Record<string, unknown>, scope: string) {
    const answer = await post(server.resource, message(method, params), { token: await server.token(scope) });
    const text = await answer.text();
    return { status: answer.status, text, challenge: answer.headers.get('www-authenticate') };
  }

  type Known = Readonly<Record<string, string>>;

  async function complete(name: string, argument: string, known: Known = {}, scope = '', value = '') {
    const ref = name.includes('://') ? { type: 'ref/resource', uri: name } : { type: 'ref/prompt', name };
    const params = { ref, argument: { name: argument, value }, context: { arguments: known } };
    const answer = await ask('completion/complete', params, scope);
    const { result } = JSON.parse(answer.text) as { result?: { completion: { values: string[] } } };
    return { ...answer, completion: result?.completion };
  }

  const TEMPLATE = 'customers://{region}/{customer}';

  test.each<[string, string, string, Known]>([
    ['a region of a prompt', 'letter', 'region', {}],
    ['a region of a template', TEMPLATE, 'region', {}],
    ['a customer of a prompt, with the region', 'letter', 'customer', { region: 'us' }],
    ['a customer of a prompt, without the region', 'letter', 'customer', {}],
    ['a customer of a prompt, with a region that a schema changes', 'letter', 'customer', { region: ' US' }],
    ['a customer of a prompt with more arguments', 'form', 'customer', { region: 'us' }],
    ['a customer of a prompt with more arguments, without the region', 'form', 'customer', {}],
    ['a customer of a prompt with more arguments, a changed region', 'form', 'customer', { region: 'Us' }],
    ['a customer where the schema cannot do without others', 'refined', 'customer', {}],
    ['a customer where the schema is refined', 'refined', 'customer', { region: 'us' }],
    ['a customer where the function throws', 'throwing', 'customer', { region: 'us' }],
    ['a choice of the schema', 'choice', 'region', {}],
    ['a customer of a template, with the region', TEMPLATE, 'customer', { region: 'us' }],
    ['a customer of a template, without the region', TEMPLATE, 'customer', {}],
    ['a customer of a template, with the argument itself', TEMPLATE, 'customer', { customer: 'x' }],
    ['a customer of a template, with a region that a pipe changes', TEMPLATE, 'customer', { region: ' us' }],
    ['a customer of a template, with a region that climbs', TEMPLATE, 'customer', { region: 'us/../us' }],
    ['a customer where a policy looks at the region', 'policed', 'customer', { region: 'us' }],
  ])('%s is not told without the scope of the read', async (_name, name, argument, known) => {
    const { status, text } = await complete(name, argument, known);
    expect([200, 403]).toContain(status);
    for (const secret of [...NAMES, '"us"', '"eu"']) expect(text).not.toContain(secret);
    expect(text).not.toContain('"total"');
    expect(text).not.toContain('"hasMore":true');
  });

  test.each<[string, string, string, Known, string, readonly string[]]>([
    ['a region of a prompt', 'letter', 'region', {}, 'customers:eu', ['eu']],
    ['a region of a template', TEMPLATE, 'region', {}, 'customers:us', ['us']],
    ['customers of a prompt', 'letter', 'customer', { region: 'eu' }, 'customers:eu', ['Anton', 'Berta']],
    [
      'customers of a region that a schema changes',
      'letter',
      'customer',
      { region: 'EU' },
      'customers:eu',
      ['Anton', 'Berta'],
    ],
    [
      'customers of a prompt with more arguments',
      'form',
      'customer',
      { region: 'eu' },
      'customers:eu',
      ['Anton', 'Berta'],
    ],
    ['customers of a template', TEMPLATE, 'customer', { region: 'us' }, 'customers:us', ['Alice', 'Bob']],
    ['a choice of the schema', 'choice', 'region', {}, 'customers:us', ['us']],
    ['what a policy permits', 'policed', 'customer', { region: 'us' }, 'customers:us', ['Alice', 'Bob']],
    ['what a policy permits that looks at no argument', 'plain', 'city', {}, '', ['Bern']],
    ['all but what has a rule of its own', 'files://{name}', 'name', {}, '', ['readme']],
  ])('%s is told with it', async (_name, name, argument, known, scope, values) => {
    expect((await complete(name, argument, known, scope)).completion?.values).toEqual(values);
  });

  test('where the arguments say which scope is missing, there is a challenge for it', async () => {
    for (const name of ['letter', TEMPLATE]) {
      const { status, challenge } = await complete(name, 'customer', { region: 'us' }, 'customers:eu');
      expect([status, challenge]).toEqual([403, expect.stringContaining('scope="customers:us"')]);
    }
  });

  test.each([
    ['', ['files://readme']],
    ['customers:eu', ['customers://eu/Anton', 'customers://eu/Berta', 'files://readme']],
    ['customers:us', ['customers://us/Alice', 'customers://us/Bob', 'files://readme']],
  ])('a list with the scope "%s" has what may be read, and nothing else', async (scope, uris) => {
    const { text } = await ask('resources/list', {}, scope);
    const { result } = JSON.parse(text) as { result: { resources: { uri: string }[] } };
    // The fixed resource is shown to everyone, because lists show all that is declared.
    const listed = result.resources.map(({ uri }) => uri).filter((uri) => uri !== 'files://Alice');
    expect(listed.sort()).toEqual([...uris].sort());
  });
});

describe('completions of another server', () => {
  let server: ForeignServer;

  beforeAll(async () => {
    server = await startForeignServer({
      rules: {
        prompts: {
          greet: { scopes: ({ name }) => [`greet:${String(name)}`] },
          fixed: { scopes: () => ['greet'] },
        },
      },
    });
  });
  afterAll(() => server.close());

  const params = (name: string, known: Record<string, string>) => ({
    ref: { type: 'ref/prompt', name },
    argument: { name: 'name', value: '' },
    context: { arguments: known },
  });

  test.each<[string, string, Record<string, string>]>([
    ['that cannot be decided', 'greet', {}],
    ['that cannot be decided by the argument itself', 'greet', { name: 'Ada' }],
    ['whose rule is not held', 'fixed', {}],
  ])('%s are refused', async (_name, name, known) => {
    const token = await server.token('greet:Ada greet:undefined greet:');
    const answer = await server.send('completion/complete', params(name, known), { token });
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toContain('"values"');
    expect(server.reached).toEqual([]);
  });
});
