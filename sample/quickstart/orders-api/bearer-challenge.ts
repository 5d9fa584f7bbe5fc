import { HttpException } from '@nestjs/common';

type Challenge =
  | { readonly error?: undefined }
  | { readonly error: 'invalid_token'; readonly error_description: string }
  | { readonly error: 'insufficient_scope'; readonly scope: string };

/** A refusal that says in `WWW-Authenticate` what the client lacks (RFC 6750 §3). */
export class BearerChallenge extends HttpException {
  readonly wwwAuthenticate: string;

  constructor(challenge: Challenge) {
    const status = challenge.error === 'insufficient_scope' ? 403 : 401;
    super({ statusCode: status, ...challenge }, status);
    const parameters = Object.entries({ realm: 'orders', ...challenge }).map(([name, value]) => `${name}="${value}"`);
    this.wwwAuthenticate = `Bearer ${parameters.join(', ')}`;
  }
}
