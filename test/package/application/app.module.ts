import { Module } from '@nestjs/common';
import { clientSecretBasic, McpAuthModule } from 'nestjs-mcp-auth';
import { OrderTools } from './order.tools.js';

@Module({
  imports: [
    McpAuthModule.forRootAsync({
      useFactory: () => ({
        server: { name: 'orders', version: '1.0.0' },
        resource: 'https://mcp.acme.example/mcp',
        issuers: [{ issuer: process.env.ISSUER ?? '' }],
        client: { id: 'mcp-orders', authentication: clientSecretBasic('a secret of the tests') },
        downstreams: {
          orders: { baseUrl: process.env.ORDERS_URL ?? '', audience: 'orders-api', scopes: ['orders:read'] },
        },
        doctor: false,
      }),
    }),
  ],
  providers: [OrderTools],
})
export class AppModule {}
