import { Injectable, Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Anonymous, clientSecretBasic, DownstreamClient, McpAuthModule, McpTool, ToolError } from 'nestjs-mcp-auth';
import { TestClient, TestDownstream, TestIssuer, type TestClientOptions } from 'nestjs-mcp-auth/testing';
import { z } from 'zod';

export interface Order {
  readonly id: string;
  readonly owner: string;
}

@Injectable()
export class OrderTools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({
    description: 'Find an order',
    input: z.object({ id: z.string() }),
    scopes: ['orders:read'],
    downstream: 'orders',
  })
  async findOrder({ id }: { id: string }): Promise<Order> {
    return await this.downstream.json<Order>(`/orders/${encodeURIComponent(id)}`);
  }

  @McpTool({
    name: 'orders.cancel',
    description: 'Cancel an order',
    input: z.object({ id: z.string(), reason: z.string().optional() }),
    scopes: ['orders:read', 'orders:write'],
  })
  cancel({ id }: { id: string; reason?: string | undefined }) {
    if (id === 'sent') throw new ToolError('It has been sent already');
    return `Cancelled ${id}`;
  }

  @McpTool({ description: 'When orders are taken' })
  @Anonymous()
  openingHours() {
    return { from: new Date(0), days: ['mo', 'tu'] };
  }

  @McpTool({ description: 'Says nothing' })
  nothing() {
    return;
  }

  notATool({ id }: { id: string }) {
    return id;
  }
}

export interface OrdersApp {
  readonly app: INestApplication;
  readonly issuer: TestIssuer;
  readonly orders: TestDownstream;
  readonly client: TestClient;
  clientOf(options: TestClientOptions): TestClient;
  close(): Promise<void>;
}

@Module({})
class AppModule {
  static with(issuer: TestIssuer, orders: TestDownstream): DynamicModule {
    return {
      module: AppModule,
      imports: [
        McpAuthModule.forRoot({
          server: { name: 'orders', version: '1.0.0' },
          resource: 'https://mcp.acme.example/mcp',
          issuers: [{ issuer: issuer.issuer }],
          client: { id: 'mcp-orders', authentication: clientSecretBasic('the secret of mcp-orders') },
          downstreams: {
            orders: { baseUrl: orders.origin, audience: orders.audience, scopes: ['orders:read'] },
          },
          doctor: false,
        }),
      ],
      providers: [OrderTools],
    };
  }
}

/** An application as a user has one, tested by nothing but the kit. */
export async function startOrders(): Promise<OrdersApp> {
  const issuer = await TestIssuer.start();
  const orders = await TestDownstream.start({ issuer, audience: 'orders-api', scopes: ['orders:read'] });
  orders.respond('GET /orders/7', ({ claims }) => ({ id: '7', owner: claims?.sub }));
  const testing = await Test.createTestingModule({ imports: [AppModule.with(issuer, orders)] }).compile();
  const app = testing.createNestApplication({ logger: false });
  return {
    app,
    issuer,
    orders,
    client: TestClient.for(app, issuer),
    clientOf: (options) => TestClient.for(app, issuer, options),
    close: async () => {
      await app.close();
      await Promise.all([orders.close(), issuer.close()]);
    },
  };
}
