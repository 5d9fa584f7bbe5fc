import { Module } from '@nestjs/common';
import { clientSecretBasic, McpAuthModule, McpOpenApi } from 'nestjs-mcp-auth';
import { measureBoot } from './boot.js';
import { createDocument } from './large-document.js';

const text = JSON.stringify(createDocument(Number(process.argv[2])));

@McpOpenApi({ downstream: 'api', document: () => JSON.parse(text) as object, offer: 'search' })
class LargeApi {}

@Module({
  imports: [
    McpAuthModule.forRoot({
      server: { name: 'large', version: '1.0.0' },
      resource: 'http://127.0.0.1:1/mcp',
      issuers: [{ issuer: 'http://127.0.0.1:1' }],
      client: { id: 'bench', authentication: clientSecretBasic('bench') },
      downstreams: { api: { baseUrl: 'http://127.0.0.1:1', audience: 'api' } },
      limits: { rate: { acceptUnlimitedRequests: true } },
      doctor: false,
    }),
  ],
  providers: [LargeApi],
})
class LargeModule {}

process.send?.(await measureBoot(LargeModule));
