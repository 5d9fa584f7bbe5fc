import { Injectable, Module } from '@nestjs/common';
import { McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { measureBoot } from './boot.js';
import { createToolClass, echoInput } from './servers/echo.js';

/** The application: this package with so many tools, or none of both. */
const [choice = 'empty'] = process.argv.slice(2);
const tools = choice === 'empty' ? undefined : Number(choice);

const Tools = createToolClass(tools ?? 0, (name) => [
  McpTool({ name, description: 'Echo a text', input: echoInput, scopes: ['echo'] }) as MethodDecorator,
]);
Injectable()(Tools);

const withTools = () => ({
  imports: [
    McpAuthModule.forRoot({
      server: { name: 'echo', version: '1.0.0' },
      resource: 'http://127.0.0.1:1/mcp',
      issuers: [{ issuer: 'http://127.0.0.1:1' }],
      limits: { rate: { acceptUnlimitedRequests: true } },
      doctor: false,
    }),
  ],
  providers: [Tools],
});

@Module(tools === undefined ? {} : withTools())
class BootedModule {}

process.send?.(await measureBoot(BootedModule));
