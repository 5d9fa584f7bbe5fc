import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { rememberAccessToken, type AccessTokenClaims } from './access-token.js';
import { BearerChallenge } from './bearer-challenge.js';
import { OrdersApiOptions } from './orders-api-options.js';
import { REQUIRED_SCOPE } from './require-scope.decorator.js';

/** Accepts access tokens that the authorization server issued for this API, with the scope of the route. */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  private readonly keys;

  constructor(
    @Inject(OrdersApiOptions) private readonly options: OrdersApiOptions,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {
    this.keys = createRemoteJWKSet(new URL(options.jwksUri));
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    try {
      const claims = await this.verify(request.headers.authorization);
      rememberAccessToken(request, claims);
      const scope = this.reflector.get<string>(REQUIRED_SCOPE, context.getHandler());
      if (!claims.scope?.split(' ').includes(scope)) throw new BearerChallenge({ error: 'insufficient_scope', scope });
      return true;
    } catch (error) {
      if (error instanceof BearerChallenge) {
        context.switchToHttp().getResponse<Response>().setHeader('WWW-Authenticate', error.wwwAuthenticate);
      }
      throw error;
    }
  }

  private async verify(authorization: string | undefined): Promise<AccessTokenClaims> {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw new BearerChallenge({});
    const { issuer, audience } = this.options;
    try {
      const { payload } = await jwtVerify<AccessTokenClaims>(token, this.keys, {
        issuer,
        audience,
        typ: 'at+jwt',
        algorithms: ['RS256'],
        requiredClaims: ['sub', 'exp'],
      });
      return payload;
    } catch (error) {
      if (!(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout) throw error;
      throw new BearerChallenge({ error: 'invalid_token', error_description: 'the access token is not valid here' });
    }
  }
}
