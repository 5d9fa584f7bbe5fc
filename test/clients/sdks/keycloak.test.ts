import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpAuthModule, McpTool, providers } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { readCommands, runCommands } from '../../keycloak/documented-commands.js';
import { describeWithKeycloak } from '../../keycloak/keycloak.js';
import { planRealm, Realm } from '../../keycloak/realm.js';
import { User } from '../../keycloak/user.js';
import { optionsFor } from '../../support/module-options.js';
import { startApplication, type TestApplication } from '../../support/test-application.js';
import { describeWith, goProgram, javaProgram, runProgram, rustProgram, type PageProgram } from './page-program.js';

const order = z.object({ id: z.string(), item: z.string() });

@Injectable()
class OrderTools {
  @McpTool({
    description: 'Finds an order.',
    input: z.object({ id: z.string() }),
    output: order,
    annotations: { readOnlyHint: true },
    scopes: ['orders:read'],
  })
  findOrder({ id }: { id: string }) {
    return { id, item: 'gear' };
  }

  @McpTool({
    description: 'Places an order.',
    input: z.object({ item: z.string(), quantity: z.number() }),
    output: order,
    scopes: ['orders:write'],
  })
  createOrder({ item }: { item: string }) {
    return { id: '2', item };
  }
}

const PROGRAMS: readonly [page: string, program: PageProgram | undefined][] = [
  ['go', goProgram],
  ['rust', rustProgram],
  ['java', javaProgram],
];

/** A server, and a realm that was set up by the commands of the documentation. */
class DocumentedRealm {
  private constructor(
    private readonly realm: Realm,
    private readonly application: TestApplication,
  ) {}

  /** @param initial - the scopes that clients are to ask for when they sign in; by default those of the read-only tools */
  static async create(initial?: readonly string[]): Promise<DocumentedRealm> {
    const plan = planRealm();
    const { keycloak, name, issuer } = plan;
    const realm = await Realm.createEmpty(plan);
    const issuers = [providers.keycloak({ url: keycloak.origin, realm: name })];
    const scopes = initial && { initial: [...initial] };
    const application = await startApplication({
      imports: (origin) => [McpAuthModule.forRoot(optionsFor(origin, issuer, { issuers, ...(scopes && { scopes }) }))],
      providers: [OrderTools],
    });
    const { blocks } = await readCommands('providers/keycloak.md', ['In the realm', 'Clients']);
    const scripts = blocks.slice(0, -1);
    for (const [page] of PROGRAMS) {
      const { first, blocks: others } = await readCommands(`clients/${page}.md`, ['At Keycloak']);
      scripts.push(first, ...others);
    }
    const values = { KEYCLOAK: keycloak.origin, REALM: name, RESOURCE: `${application.origin}/mcp` };
    await runCommands(scripts.join('\n'), values);
    return new DocumentedRealm(realm, application);
  }

  /** Finds an order and creates one, while alice is there to sign in. */
  async run(program: PageProgram, clientId?: string) {
    const alice = new User(this.realm, 'alice');
    const { requests, ...run } = await runProgram(program, {
      url: `${this.application.origin}/mcp`,
      clientId,
      signIn: (address) => alice.signIn(new URL(address)),
    });
    return { ...run, scopes: requests.map((request) => (request.get('scope') ?? '').split(' ').toSorted()) };
  }

  async close(): Promise<void> {
    await this.application.close();
    await this.realm.close();
  }
}

const ANSWERS = [
  { id: '1001', item: 'gear' },
  { id: '2', item: 'pump' },
];

describeWithKeycloak('a realm that was set up by the commands of the documentation', () => {
  let realm: DocumentedRealm;
  beforeAll(async () => {
    realm = await DocumentedRealm.create();
  });
  afterAll(() => realm.close());

  for (const [page, program] of PROGRAMS) {
    describeWith(program, `the program of docs/clients/${page}.md`, (built) => {
      test('signs in as the client of its page, and steps up', async () => {
        const { exitCode, answers, scopes } = await realm.run(built, `${page}-assistant`);

        expect({ exitCode, answers }).toEqual({ exitCode: 0, answers: ANSWERS });
        expect(scopes).toEqual([
          ['offline_access', 'orders:read'],
          expect.arrayContaining(['offline_access', 'orders:read', 'orders:write']),
        ]);
      });
    });
  }

  describe.each(PROGRAMS.filter(([page]) => page !== 'rust'))('the program of docs/clients/%s.md', (_page, program) => {
    (program ? test : test.skip)('registers itself, and steps up', async () => {
      const { exitCode, answers } = await realm.run(program as PageProgram);
      expect({ exitCode, answers }).toEqual({ exitCode: 0, answers: ANSWERS });
    });
  });

  describeWith(rustProgram, 'the program of docs/clients/rust.md', (program) => {
    test('registers itself for the scopes that it asks for first, and cannot step up', async () => {
      const { exitCode, answers, scopes } = await realm.run(program);

      expect({ exitCode, answers }).toEqual({ exitCode: 1, answers: ANSWERS.slice(0, 1) });
      expect(scopes).toHaveLength(2);
    });
  });
});

describeWithKeycloak('such a realm, and a server with scopes.initial', () => {
  let realm: DocumentedRealm;
  beforeAll(async () => {
    realm = await DocumentedRealm.create(['orders:read', 'orders:write']);
  });
  afterAll(() => realm.close());

  describeWith(rustProgram, 'the program of docs/clients/rust.md', (program) => {
    test('registers itself, and may call all', async () => {
      const { exitCode, answers, scopes } = await realm.run(program);

      expect({ exitCode, answers }).toEqual({ exitCode: 0, answers: ANSWERS });
      expect(scopes).toEqual([['offline_access', 'orders:read', 'orders:write']]);
    });
  });
});
