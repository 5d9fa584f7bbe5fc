import 'reflect-metadata';
import process from 'node:process';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { McpAuthModule, McpTool } from 'nestjs-mcp-auth';

/** A process with an application on each platform. It tells its parent where they are. */

const { ISSUER = '', RESOURCE = '' } = process.env;

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  run(): string {
    return 'ran';
  }
}

@Module({
  imports: [
    McpAuthModule.forRoot({
      server: { name: 'large', version: '1.0.0' },
      resource: RESOURCE,
      issuers: [{ issuer: ISSUER }],
      doctor: false,
    }),
  ],
  providers: [Tools],
})
class LargeModule {}

const origins: Record<string, string> = {};
for (const [platform, adapter] of Object.entries({ express: new ExpressAdapter(), fastify: new FastifyAdapter() })) {
  const app = await NestFactory.create(LargeModule, adapter, { logger: false });
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as { address(): { port: number } }).address();
  origins[platform] = `http://127.0.0.1:${port}`;
}
process.send?.(origins);
