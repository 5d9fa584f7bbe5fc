import type { DynamicModule } from '@nestjs/common';
import { McpAuthModule, type McpAuthModuleOptions } from 'nestjs-mcp-auth';

/** A server that is booted, and asks nobody. */
export function addUnreachedServer(
  name: string,
  more: Pick<McpAuthModuleOptions, 'client' | 'downstreams'> = {},
): DynamicModule {
  return McpAuthModule.forRoot({
    server: { name, version: '1.0.0' },
    resource: 'http://127.0.0.1:1/mcp',
    issuers: [{ issuer: 'http://127.0.0.1:1' }],
    limits: { rate: { acceptUnlimitedRequests: true } },
    doctor: false,
    ...more,
  });
}
