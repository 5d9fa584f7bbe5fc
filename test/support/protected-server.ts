import type { ServerOptions } from 'node:https';
import type { DynamicModule, INestApplication, Provider, Type } from '@nestjs/common';
import { McpAuthModule, type IssuerOptions, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { optionsFor } from './module-options.js';
import { startApplication, type Platform, type TestApplication } from './test-application.js';
import { TestIssuer } from './test-issuer.js';

export interface ProtectedServerParts {
  readonly platform?: Platform;
  /** Makes the socket one of TLS. */
  readonly tls?: ServerOptions;
  readonly options?: Partial<McpAuthModuleOptions>;
  /** What is said of the issuer besides its name. */
  readonly trust?: Partial<IssuerOptions>;
  readonly providers?: Provider[];
  readonly controllers?: Type[];
  readonly imports?: (Type | DynamicModule)[];
  readonly bodyParser?: boolean | undefined;
  readonly configure?: (app: INestApplication) => void;
  /** Called before there is a server. */
  readonly beforeStart?: (issuer: TestIssuer) => unknown;
}

export interface ProtectedServer extends TestApplication {
  readonly issuer: TestIssuer;
  /** URL of the endpoint, and the audience of its tokens. */
  readonly resource: string;
  /** A good token with these scopes. */
  token(scope?: string, claims?: Record<string, unknown>): Promise<string>;
}

/** An MCP server and the issuer whose tokens it accepts. */
export async function startProtectedServer(parts: ProtectedServerParts = {}): Promise<ProtectedServer> {
  const issuer = await TestIssuer.start();
  const { options, trust, imports = [], beforeStart, ...rest } = parts;
  beforeStart?.(issuer);
  const issuers = [{ issuer: issuer.issuer, ...trust }];
  const application = await startApplication({
    imports: (origin) => [
      McpAuthModule.forRoot(optionsFor(origin, issuer.issuer, { issuers, ...options })),
      ...imports,
    ],
    ...rest,
  }).catch(async (error: unknown) => {
    await issuer.close();
    throw error;
  });
  const resource = `${application.origin}/mcp`;
  return {
    ...application,
    issuer,
    resource,
    token: (scope = '', claims = {}) => issuer.token({ aud: resource, scope, ...claims }),
    close: async () => {
      await application.close();
      await issuer.close();
    },
  };
}
