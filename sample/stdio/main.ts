import 'reflect-metadata';
import { ConsoleLogger, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { connectStdio, McpAuthModule, McpTool, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';

@Injectable()
class OrderTools {
  @McpTool({
    description: 'Find an order',
    input: z.object({ id: z.string() }),
    annotations: { readOnlyHint: true },
    scopes: ['orders:read'],
  })
  findOrder({ id }: { id: string }, { caller }: McpContext) {
    return { id, of: caller?.subject };
  }
}

@Module({
  imports: [
    McpAuthModule.forRoot({
      server: { name: 'orders', version: '1.0.0' },
      // Nothing listens there; it is the audience of the token.
      resource: process.env.MCP_RESOURCE ?? 'https://mcp.acme.example/mcp',
      issuers: [{ issuer: process.env.MCP_ISSUER ?? 'https://id.acme.example' }],
    }),
  ],
  providers: [OrderTools],
})
class AppModule {}

// The standard output is the client's: the log goes to the standard error.
class StandardErrorLogger extends ConsoleLogger {
  protected override printMessages(messages: unknown[], context?: string, logLevel: 'log' = 'log'): void {
    super.printMessages(messages, context, logLevel, 'stderr');
  }
}

const app = await NestFactory.createApplicationContext(AppModule, { logger: new StandardErrorLogger() });
app.enableShutdownHooks();
// The access token comes in the environment variable MCP_ACCESS_TOKEN.
connectStdio(app);
