import { Module } from '@nestjs/common';
import { clientSecretBasic, McpOpenApi } from 'nestjs-mcp-auth';
import { measureBoot } from './boot.js';
import { createDocument } from './large-document.js';
import { addUnreachedServer } from './servers/unreached-server.js';

const text = JSON.stringify(createDocument(Number(process.argv[2])));

@McpOpenApi({ downstream: 'api', document: () => JSON.parse(text) as object, offer: 'search' })
class LargeApi {}

@Module({
  imports: [
    addUnreachedServer('large', {
      client: { id: 'bench', authentication: clientSecretBasic('bench') },
      downstreams: { api: { baseUrl: 'http://127.0.0.1:1', audience: 'api' } },
    }),
  ],
  providers: [LargeApi],
})
class LargeModule {}

process.send?.(await measureBoot(LargeModule));
