import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { dialects, McpAuthModule, privateKeyJwt } from 'nestjs-mcp-auth';
import { HealthController } from './health.controller.js';
import { OrderTools } from './order.tools.js';
import { settings } from './settings.js';
import { SharedStore, SharedStoreModule } from './shared-store.module.js';
import { telemetry } from './telemetry.js';

@Module({
  imports: [
    TerminusModule.forRoot({ logger: false }),
    McpAuthModule.forRootAsync({
      imports: [SharedStoreModule],
      inject: [SharedStore],
      useFactory: ({ replicas }: SharedStore) => ({
        server: { name: 'orders', version: '1.0.0' },
        resource: settings.RESOURCE,
        ...(settings.ENDPOINT_PATH !== undefined && { endpoint: { path: settings.ENDPOINT_PATH } }),
        issuers: [{ issuer: settings.ISSUER }],
        client: {
          id: settings.CLIENT_ID,
          authentication: privateKeyJwt({ key: { file: settings.CLIENT_KEY_FILE } }),
        },
        downstreams: {
          orders: {
            baseUrl: settings.ORDERS_URL,
            audience: settings.ORDERS_AUDIENCE,
            scopes: ['orders.view'],
            dialect: dialects.keycloak(),
            acceptClearText: settings.ORDERS_CLEAR_TEXT,
          },
        },
        replicas,
        calls: { balancerGraceMs: settings.BALANCER_GRACE_MS, shutdownGraceMs: settings.SHUTDOWN_GRACE_MS },
      }),
    }),
  ],
  controllers: [HealthController],
  providers: [OrderTools],
})
export class AppModule implements OnApplicationShutdown {
  /** Sends what was measured last. */
  async onApplicationShutdown(): Promise<void> {
    await telemetry.shutdown();
  }
}
