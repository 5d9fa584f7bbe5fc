import { toSnakeCase } from '../../resource-server/catalogue/primitive.js';
import { SUFFIXES, toClassName, toMethodName, toScope, type Offer } from './offer-source.js';
import { writeKitImport, type TestSource } from './test-source.js';

/** Writes the test of a class that {@link writeOffer} has written. It boots a server with nothing but this class. */
export function writeOfferSpec(offer: Offer, test: TestSource, extension: string): string {
  const { kind, names, downstream } = offer;
  const className = toClassName(offer);
  const scope = toScope(offer);
  const calls = downstream !== undefined && kind !== 'prompt';
  const method = toMethodName(offer);
  const call = {
    tool: `callTool([${className}, '${method}'], { query: 'seven' })`,
    resource: `readResource('${names.file}://7')`,
    prompt: `getPrompt('${toSnakeCase(method)}', { topic: 'seven' })`,
  }[kind];
  const path = { tool: `/${names.file}`, resource: `/${names.file}/7`, prompt: '' }[kind];
  const check = writeCheck(offer, calls, call);
  const imports = [
    "import type { INestApplication } from '@nestjs/common';",
    ...test.imports.filter((line) => line.includes('platform')),
    "import { Test } from '@nestjs/testing';",
    `import { ${calls ? 'clientSecretBasic, ' : ''}McpAuthModule } from 'nestjs-mcp-auth';`,
    writeKitImport(test, ['TestClient', ...(calls ? ['TestDownstream'] : []), 'TestIssuer']),
    ...test.imports.filter((line) => !line.includes('platform')),
    `import { ${className} } from './${names.file}.${SUFFIXES[kind]}${extension}';`,
  ];
  return `${imports.join('\n')}
${test.extension}
describe('${className}', () => {
  let app: INestApplication;
  let issuer: TestIssuer;
${calls ? '  let api: TestDownstream;\n' : ''}  let client: TestClient;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
${
  calls
    ? `    api = await TestDownstream.start({ issuer, audience: 'api' });
    api.respond('GET ${path}', ({ claims }) => ({ owner: claims?.sub }));
`
    : ''
}    const module = await Test.createTestingModule({
      imports: [
        McpAuthModule.forRoot({
          server: { name: 'test', version: '1.0.0' },
          resource: 'https://mcp.acme.example/mcp',
          issuers: [{ issuer: issuer.issuer }],
${
  calls
    ? `          client: { id: 'test', authentication: clientSecretBasic('a secret of the tests') },
          downstreams: { ${downstream}: { baseUrl: api.origin, audience: 'api' } },
`
    : ''
}          doctor: false,
        }),
      ],
      providers: [${className}],
    }).compile();
    app = module.createNestApplication(${test.adapter});
    client = TestClient.for(app, issuer);
  });

  afterAll(async () => {
    await app.close();
    await ${calls ? 'Promise.all([api.close(), issuer.close()])' : 'issuer.close()'};
  });

${check}
  it('asks for the scope that is missing', async () => {
    const alice = client.as({ sub: 'alice' });
    await expect(alice.${call}).toChallengeFor('${scope}');
  });

  it('asks for a token', async () => {
    await expect(client.anonymously().${call}).toRequireAuthentication();
  });
});
`;
}

function writeCheck(offer: Offer, calls: boolean, call: string): string {
  const { kind, names } = offer;
  const caller = `const alice = client.as({ sub: 'alice', scopes: ['${toScope(offer)}'] });`;
  const behalf = calls ? "\n    expect(api).toHaveBeenCalledOnBehalfOf('alice');" : '';
  const [title, body] = {
    tool: calls
      ? [
          `finds ${names.words} on behalf of the user`,
          `const { value } = await alice.${call};\n    expect(value).toEqual({ owner: 'alice' });`,
        ]
      : [`finds ${names.words}`, `const { value } = await alice.${call};\n    expect(value).toContain('seven');`],
    resource: [
      calls ? `reads ${names.words} on behalf of the user` : `reads ${names.words}`,
      `const { contents } = await alice.${call};\n    expect(JSON.stringify(contents)).toContain('${calls ? 'alice' : '7'}');`,
    ],
    prompt: [
      `explains ${names.words}`,
      `const { messages } = await alice.${call};\n    expect(JSON.stringify(messages)).toContain('seven');`,
    ],
  }[kind] as [string, string];
  return `  it('${title}', async () => {
    ${caller}
    ${body}${behalf}
  });
`;
}
