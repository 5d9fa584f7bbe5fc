import { quote } from '../../class-source/source-text.js';
import type { Variable } from '../project/environment-file.js';
import type { IdentityProvider, ProviderVariable } from './identity-provider.js';
import { toClassName, type Offer } from './offer-source.js';
import type { TestSource } from './test-source.js';

/** The server that is written. */
export interface Server {
  readonly name: string;
  readonly version: string;
  readonly provider: IdentityProvider;
  /** The tool that the server begins with. */
  readonly tool: Offer;
  /** Whether the application loads `.env` already. */
  readonly hasConfig: boolean;
  /** What imports of the project end with. */
  readonly extension: string;
}

/** Every variable that the server reads. */
export function listVariables({ provider, tool }: Server): readonly ProviderVariable[] {
  return [
    {
      name: 'MCP_RESOURCE',
      example: 'http://localhost:3000/mcp',
      words: `Address of this MCP server, as clients write it. ${provider.title} has to write it into the audience of tokens. See node_modules/nestjs-mcp-auth/${provider.page}.`,
      kind: 'url',
    },
    ...provider.variables,
    {
      name: 'API_URL',
      example: 'https://api.acme.example/v1/',
      words: `Address of the API that the tools call. The first tool calls ${tool.names.file} below it.`,
      kind: 'url',
    },
  ];
}

/** Writes what reads the environment, and refuses to start without it. */
export function writeConfig(variables: readonly (Variable & { kind: string })[]): string {
  const lines = variables.map(({ name, kind }) => `  ${name}: ${kind === 'url' ? 'z.url()' : 'z.string().min(1)'},\n`);
  return `import { registerAs } from '@nestjs/config';
import { z } from 'zod';

/** What the MCP server reads from the environment. \`.env.example\` says where each value is found. */
const McpEnvironment = z.object({
${lines.join('')}});

export type McpEnvironment = z.infer<typeof McpEnvironment>;

export const mcpConfig = registerAs('mcp', (): McpEnvironment => {
  const { data, error } = McpEnvironment.safeParse(process.env);
  if (error) {
    throw new Error(
      \`The environment of the MCP server is not right. .env.example says where each value is found.\\n\${z.prettifyError(error)}\`,
    );
  }
  return data;
});
`;
}

/** Writes the module of the server. */
export function writeModule(server: Server): string {
  const { name, version, provider, tool, hasConfig, extension } = server;
  const className = toClassName(tool);
  const used = [provider.authentication, 'dialects', 'McpAuthModule'];
  if (provider.issuer.startsWith('providers.')) used.push('providers');
  const forRoot = `    ConfigModule.forRoot({
      // Tests read the example, and none of your secrets.
      envFilePath: isTest ? '.env.example' : '.env',
    }),
`;
  return `import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { ${used.join(', ')} } from 'nestjs-mcp-auth';
import { ${className} } from './${tool.names.file}.tools${extension}';
import { mcpConfig, type McpEnvironment } from './mcp.config${extension}';

const isTest = process.env.NODE_ENV === 'test';

@Module({
  imports: [
${hasConfig ? '' : forRoot}    McpAuthModule.forRootAsync({
      imports: [ConfigModule.forFeature(mcpConfig)],
      inject: [ConfigService],
      useFactory: (config: ConfigService) => {
        const env = config.getOrThrow<McpEnvironment>('mcp');
        return {
          server: { name: ${quote(name)}, version: ${quote(version)} },
          resource: env.MCP_RESOURCE,
          issuers: [${provider.issuer}],
          client: {
            id: ${provider.clientId ?? 'env.MCP_CLIENT_ID'},
            authentication: ${provider.authentication}(env.MCP_CLIENT_SECRET),
          },
          // The doctor asks the issuer at boot. Tests have no issuer.
          doctor: !isTest,
          downstreams: {
${provider.note === undefined ? '' : `            // ${provider.note}\n`}            ${tool.downstream ?? 'api'}: {
              baseUrl: env.API_URL,
              ${provider.target}
            },
          },
        };
      },
    }),
  ],
  providers: [${className}],
})
export class McpModule {}
`;
}

/** Writes the test of the module: it boots with the example of the environment, and asks for a token. */
export function writeModuleSpec(test: TestSource, extension: string): string {
  const imports = [
    "import type { INestApplication } from '@nestjs/common';",
    "import { ConfigModule } from '@nestjs/config';",
    ...test.imports.filter((line) => line.includes('platform')),
    "import { Test } from '@nestjs/testing';",
    ...test.imports.filter((line) => !line.includes('platform') && !line.includes('nestjs-mcp-auth')),
    `import { McpModule } from './mcp.module${extension}';`,
  ];
  return `${imports.join('\n')}

describe('McpModule', () => {
  let app: INestApplication;

  beforeAll(async () => {
    const module = await Test.createTestingModule({
      imports: [ConfigModule.forRoot({ envFilePath: '.env.example' }), McpModule],
    }).compile();
    app = module.createNestApplication(${test.adapter});
    await app.listen(0, '127.0.0.1');
  });

  afterAll(() => app.close());

  it('asks for a token', async () => {
    const { pathname } = new URL(process.env.MCP_RESOURCE ?? '');
    const response = await fetch(new URL(pathname, await app.getUrl()), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('resource_metadata=');
  });
});
`;
}
