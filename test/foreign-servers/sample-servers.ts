import type { DynamicModule, INestApplication } from '@nestjs/common';
import { createOrdersServer } from '../../sample/mcp-nest-server/orders.module.js';
import type { McpServerOptions } from '../../sample/quickstart/mcp-server/mcp-server.js';
import { OrdersModule as Sdk1Module } from '../../sample/sdk-1-server/orders.module.js';
import { OrdersModule as Sdk2Module } from '../../sample/sdk-2-server/orders.module.js';
import { startApplication, type Platform, type TestApplication } from '../support/test-application.js';
import { TestApi } from '../support/test-api.js';
import { TestIssuer } from '../support/test-issuer.js';

export const SAMPLES = ['sdk-1-server', 'sdk-2-server', 'mcp-nest-server'] as const;

export interface SampleServer extends TestApplication {
  readonly issuer: TestIssuer;
  readonly api: TestApi;
  readonly resource: string;
  token(scope: string, claims?: Record<string, unknown>): Promise<string>;
}

/** A sample between an issuer and the API that it calls. */
export async function startSample(sample: (typeof SAMPLES)[number], platform: Platform): Promise<SampleServer> {
  const [issuer, api] = await Promise.all([TestIssuer.start(), TestApi.start()]);
  let connect: ((app: INestApplication) => void) | undefined;
  const application = await startApplication({
    platform,
    imports: (origin) => {
      const server = serverOf(sample, {
        resource: `${origin}/mcp`,
        issuer: issuer.issuer,
        client: { id: 'mcp', secret: 's3cret' },
        ordersApi: { audience: 'orders-api', baseUrl: api.origin },
      });
      connect = server.connect;
      return [server.module];
    },
    configure: (app) => connect?.(app),
  });
  await application.app.startAllMicroservices();
  const resource = `${application.origin}/mcp`;
  return {
    ...application,
    issuer,
    api,
    resource,
    token: (scope, claims = {}) => issuer.token({ aud: resource, scope, ...claims }),
    close: async () => {
      await application.close();
      await Promise.all([issuer.close(), api.close()]);
    },
  };
}

interface Made {
  readonly module: DynamicModule;
  readonly connect?: (app: INestApplication) => void;
}

function serverOf(sample: (typeof SAMPLES)[number], options: McpServerOptions): Made {
  if (sample === 'sdk-1-server') return { module: Sdk1Module.forRoot(options) };
  if (sample === 'sdk-2-server') return { module: Sdk2Module.forRoot(options) };
  const { module, strategy } = createOrdersServer(options);
  return { module, connect: (app) => app.connectMicroservice({ strategy }) };
}
