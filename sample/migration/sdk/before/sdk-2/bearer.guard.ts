import type { IncomingHttpHeaders } from 'node:http';
import {
  bearerAuthChallengeResponse,
  getOAuthProtectedResourceMetadataUrl,
  OAuthError,
  OAuthErrorCode,
  verifyBearerToken,
  type AuthInfo,
  type VerifyBearerTokenOptions,
} from '@modelcontextprotocol/server';
import { HttpException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { McpServerOptions } from '../../../../quickstart/mcp-server/mcp-server.js';
import { createTokenReader } from '../token.js';

interface AnyRequest {
  readonly headers: IncomingHttpHeaders;
  /** On Fastify, Node's own request. */
  readonly raw?: AnyRequest;
  auth?: AuthInfo;
}

interface AnyResponse {
  header(name: string, value: string): unknown;
}

/** Lets callers in who have a token for this server, with the scope that the whole server takes. */
export class BearerGuard implements CanActivate {
  readonly #options: VerifyBearerTokenOptions;

  constructor({ resource, issuer }: McpServerOptions) {
    const readToken = createTokenReader(issuer);
    this.#options = {
      verifier: {
        verifyAccessToken: (token) =>
          readToken(token).catch(() => {
            throw new OAuthError(OAuthErrorCode.InvalidToken, 'The token is not good');
          }),
      },
      requiredScopes: ['orders:read'],
      expectedResource: new URL(resource),
      resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(new URL(resource)),
    };
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<AnyRequest>();
    try {
      (request.raw ?? request).auth = await verifyBearerToken(request.headers.authorization, this.#options);
      return true;
    } catch (error) {
      const refusal = bearerAuthChallengeResponse(error, this.#options);
      http.getResponse<AnyResponse>().header('www-authenticate', refusal.headers.get('www-authenticate') ?? 'Bearer');
      throw new HttpException((await refusal.json()) as object, refusal.status);
    }
  }
}
