import { Injectable, Module, type INestApplication } from '@nestjs/common';
import { McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { createToolClass, echoInput } from './echo.js';
import type { Platform, ServerUnderLoad } from './listen.js';
import { MAX_BODY_SIZE, startNest } from './nest-application.js';

/** This package: token verified, scope checked, arguments validated. */
export async function startProtected(
  platform: Platform,
  tools: number,
  issuer: string,
  configure: (app: INestApplication) => void = () => undefined,
): Promise<ServerUnderLoad> {
  const Tools = createToolClass(tools, (name) => [
    McpTool({ name, description: 'Echo a text', input: echoInput, scopes: ['echo'] }) as MethodDecorator,
  ]);
  Injectable()(Tools);
  const moduleFor = (resource: string) => {
    @Module({
      imports: [
        McpAuthModule.forRoot({
          server: { name: 'echo', version: '1.0.0' },
          resource,
          endpoint: { maxBodySize: MAX_BODY_SIZE },
          issuers: [{ issuer }],
          limits: { rate: { acceptUnlimitedRequests: true } },
          doctor: false,
        }),
      ],
      providers: [Tools],
    })
    class EchoModule {}
    return EchoModule;
  };
  return await startNest(platform, moduleFor, configure);
}
