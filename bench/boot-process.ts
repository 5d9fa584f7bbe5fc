import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { clientSecretBasic, McpAuthModule, McpOpenApi } from 'nestjs-mcp-auth';
import { createDocument } from './large-document.js';

/** What the boot of an application took. */
export interface Boot {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  /** Of the process, with Node and Nest. */
  readonly megabytes: number;
}

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

const start = performance.now();
const before = process.cpuUsage();
const app = await NestFactory.create(LargeModule, new FastifyAdapter(), { logger: ['error'] });
await app.init();
const { user, system } = process.cpuUsage(before);
process.send?.({
  milliseconds: performance.now() - start,
  cpuMilliseconds: (user + system) / 1000,
  megabytes: process.memoryUsage().rss / 1e6,
} satisfies Boot);
