import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { clientSecretBasic, McpAuthModule, type DownstreamOptions, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import type { IssuerClientRegistration } from '../../lib/resource-server/clients/client-registration.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type Platform, type TestApplication } from '../support/test-application.js';
import { TestApi } from '../support/test-api.js';
import { TestIssuer } from '../support/test-issuer.js';

export interface DownstreamServer extends TestApplication {
  readonly issuer: TestIssuer;
  readonly orders: TestApi;
  readonly billing: TestApi;
  readonly resource: string;
  token(claims?: Record<string, unknown>): Promise<string>;
}

/** What is different; `undefined` removes an option. */
export type DownstreamChanges = { [Option in keyof DownstreamOptions]?: DownstreamOptions[Option] | undefined };

export interface DownstreamServerParts {
  readonly platform?: Platform;
  readonly providers: Provider[];
  readonly imports?: (Type | DynamicModule)[];
  readonly client?: IssuerClientRegistration;
  /** Changes to the downstream `orders`. */
  readonly orders?: DownstreamChanges;
  /** Changes to the downstream `billing`. */
  readonly billing?: DownstreamChanges;
  /** What else is different. */
  readonly options?: Partial<McpAuthModuleOptions>;
}

/** An MCP server between an issuer and two APIs. */
export async function startDownstreamServer({
  platform = 'express',
  providers,
  imports = [],
  client,
  orders = {},
  billing = {},
  options = {},
}: DownstreamServerParts): Promise<DownstreamServer> {
  const [issuer, ordersApi, billingApi] = await Promise.all([TestIssuer.start(), TestApi.start(), TestApi.start()]);
  const application = await startApplication({
    platform,
    imports: (origin) => [
      McpAuthModule.forRoot(
        optionsFor(origin, issuer.issuer, {
          client: client ?? { id: 'mcp server', authentication: clientSecretBasic('s:e/cret') },
          downstreams: {
            orders: {
              baseUrl: `${ordersApi.origin}/v1`,
              audience: 'orders-api',
              scopes: ['read', 'write'],
              ...(orders as Partial<DownstreamOptions>),
            },
            billing: {
              baseUrl: billingApi.origin,
              resource: 'urn:billing',
              ...(billing as Partial<DownstreamOptions>),
            },
          },
          ...options,
        }),
      ),
      ...imports,
    ],
    providers,
  }).catch(async (error: unknown) => {
    await Promise.all([issuer.close(), ordersApi.close(), billingApi.close()]);
    throw error;
  });
  const resource = `${application.origin}/mcp`;
  return {
    ...application,
    issuer,
    orders: ordersApi,
    billing: billingApi,
    resource,
    token: (claims = {}) => issuer.token({ aud: resource, ...claims }),
    close: async () => {
      await application.close();
      await Promise.all([issuer.close(), ordersApi.close(), billingApi.close()]);
    },
  };
}
