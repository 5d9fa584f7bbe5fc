import { createHash } from 'node:crypto';
import {
  Controller,
  Injectable,
  Module,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { McpController, McpHttpControllerFor, McpStrategy, StreamableHttpTransport, Tool } from '@rekog/mcp-nest';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { createToolClass, echo, echoInput } from './echo.js';
import type { Platform, ServerUnderLoad } from './listen.js';
import { startNest } from './nest-application.js';

/** Milliseconds for which a token counts as verified, as with this package. */
const VERIFIED_FOR = 60_000;

/**
 * `@rekog/mcp-nest` with a guard that verifies the token by the keys of the issuer, as this package does. It does no more
 * than that: it looks at no scope.
 *
 * @param remembers - whether it remembers for as long as this package that a token was right. The documentation of
 *   mcp-nest shows a guard that does not
 */
export async function startMcpNest(
  platform: Platform,
  tools: number,
  issuer: string,
  remembers: boolean,
): Promise<ServerUnderLoad> {
  const transport = new StreamableHttpTransport();
  const strategy = new McpStrategy({ name: 'echo', version: '1.0.0', transports: [transport] });
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const verified = new Map<string, number>();
  let audience = '';

  @Injectable()
  class JwtGuard implements CanActivate {
    async canActivate(context: ExecutionContext) {
      const { headers } = context.switchToHttp().getRequest<{ headers: { authorization?: string } }>();
      const [, token] = /^Bearer (.+)$/i.exec(headers.authorization ?? '') ?? [];
      if (token === undefined) throw new UnauthorizedException();
      const verify = () => jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] });
      if (!remembers) {
        await verify();
        return true;
      }
      const key = createHash('sha256').update(token).digest('base64url');
      if ((verified.get(key) ?? 0) > Date.now()) return true;
      await verify();
      if (verified.size >= 10_000) verified.clear();
      verified.set(key, Date.now() + VERIFIED_FOR);
      return true;
    }
  }

  @Controller('mcp')
  @UseGuards(JwtGuard)
  class McpEndpoint extends McpHttpControllerFor(transport) {}

  const Tools = createToolClass(
    tools,
    (name) => [Tool({ name, description: 'Echo a text', parameters: echoInput })],
    (args) => ({ content: [{ type: 'text', text: echo(args) }] }),
  );
  for (const name of Object.getOwnPropertyNames(Tools.prototype))
    if (name !== 'constructor') Payload()(Tools.prototype as object, name, 0);
  McpController()(Tools);

  @Module({ controllers: [McpEndpoint, Tools], providers: [JwtGuard] })
  class EchoModule {}

  return await startNest(
    platform,
    (url) => {
      audience = url;
      return EchoModule;
    },
    async (app) => {
      app.connectMicroservice({ strategy });
      await app.startAllMicroservices();
    },
  );
}
