import 'reflect-metadata';
import process from 'node:process';
import { setTimeout as pass } from 'node:timers/promises';
import { Controller, Get, Injectable, Module, ServiceUnavailableException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { McpAuthHealthIndicator, McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';

/** A process of a server. It says on standard output who it is, where it listens, and which calls it runs. */

const { ISSUER = '', RESOURCE = '', PLATFORM, PORT = '0', CALLS = '{}', FORCE_CLOSE } = process.env;

const CALL = z.object({ id: z.string().default('') });

@Injectable()
class Tools {
  @McpTool({ description: 'Takes a little while', input: CALL })
  async quick({ id }: { id: string }) {
    tellRun(id);
    await pass(20);
    return `done by ${process.pid}`;
  }

  @McpTool({ description: 'Takes some seconds', input: CALL })
  async slow({ id }: { id: string }) {
    tellRun(id);
    await pass(3_000);
    return `done by ${process.pid}`;
  }
}

@Controller('health')
class HealthController {
  constructor(private readonly indicator: McpAuthHealthIndicator) {}

  @Get()
  async check() {
    const health = await this.indicator.check();
    if (health['mcp-auth'].status === 'down') throw new ServiceUnavailableException(health);
    return health;
  }
}

@Module({
  imports: [
    McpAuthModule.forRoot({
      server: { name: 'replica', version: '1.0.0' },
      resource: RESOURCE,
      issuers: [{ issuer: ISSUER }],
      endpoint: { allowedHosts: 'any' },
      limits: { rate: { acceptUnlimitedRequests: true } },
      calls: JSON.parse(CALLS) as { balancerGraceMs?: number },
      doctor: false,
    }),
  ],
  controllers: [HealthController],
  providers: [Tools],
})
class ReplicaModule {}

const forceCloseConnections = FORCE_CLOSE !== undefined;
const adapter = PLATFORM === 'fastify' ? new FastifyAdapter({ forceCloseConnections }) : new ExpressAdapter();
const app = await NestFactory.create(ReplicaModule, adapter, {
  logger: ['warn', 'error', 'fatal'],
  forceCloseConnections,
});
app.enableShutdownHooks();
await app.listen(Number(PORT), '127.0.0.1');
const { port } = (app.getHttpServer() as { address(): { port: number } }).address();
process.stdout.write(`${process.pid} listens on ${port}\n`);

function tellRun(id: string): void {
  process.stdout.write(`runs ${id}\n`);
}
