import type { NextFunction, Request, Response } from 'express';
import { accessTokenOf, type AccessTokenClaims } from './access-token.js';

/** A request that was answered, with the claims of its access token, but never the token. */
export interface RequestEvent {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly claims?: AccessTokenClaims;
}

export function emitRequestEvents(onRequest: (event: RequestEvent) => void) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const { method, path } = request;
    response.once('finish', () => {
      const claims = accessTokenOf(request);
      onRequest({ method, path, status: response.statusCode, ...(claims && { claims }) });
    });
    next();
  };
}
