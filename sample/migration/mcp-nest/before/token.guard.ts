import type { IncomingMessage } from 'node:http';
import { UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { AuthenticatedUser } from '@rekog/mcp-nest';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import type { ServerOptions } from '../../server-options.js';

type AnyRequest = IncomingMessage & { readonly raw?: AnyRequest; user?: AuthenticatedUser };

/** Puts the user of the token on the request, as `McpAuthJwtGuard` does. Callers without a token pass. */
export class TokenGuard implements CanActivate {
  readonly #keys: ReturnType<typeof createRemoteJWKSet>;

  constructor(private readonly options: ServerOptions) {
    this.#keys = createRemoteJWKSet(new URL(`${options.issuer}/jwks`));
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AnyRequest>();
    const [type, token] = request.headers.authorization?.split(' ') ?? [];
    if (type !== 'Bearer' || token === undefined) return true;
    const { issuer, resource: audience } = this.options;
    try {
      // On Fastify the transport sees Node's own request.
      (request.raw ?? request).user = (await jwtVerify(token, this.#keys, { issuer, audience })).payload;
    } catch {
      throw new UnauthorizedException('Invalid or expired access token');
    }
    return true;
  }
}
