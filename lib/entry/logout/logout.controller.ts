import { All, Req, Res, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { toNodeRequest, type PlatformRequest } from '../endpoint/node-request.js';
import { BackChannelLogout } from './back-channel-logout.js';

/** The endpoint for back-channel logout. The logout token alone authenticates the issuer. */
@Injectable()
export class LogoutController {
  constructor(
    private readonly logout: BackChannelLogout,
    private readonly host: HttpAdapterHost,
  ) {}

  /** Sends the response itself, because an interceptor of the application could change what a handler returns. */
  @All()
  async receive(@Req() request: PlatformRequest, @Res() response: unknown): Promise<void> {
    const { httpAdapter } = this.host;
    const { method, headers } = toNodeRequest(request);
    if (method !== 'POST') {
      httpAdapter.setHeader(response, 'Allow', 'POST');
      httpAdapter.reply(response, '', 405);
      return;
    }
    const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '');
    const { logout_token: token } = (isForm ? (request.body ?? {}) : {}) as { logout_token?: unknown };
    const status = await this.logout.receive(token);
    if (status === 503) httpAdapter.setHeader(response, 'Retry-After', '5');
    httpAdapter.reply(response, status === 400 ? REFUSAL : '', status);
  }
}

/** OpenID Connect Back-Channel Logout 1.0 section 2.8. */
const REFUSAL = { error: 'invalid_request', error_description: 'The logout token is missing or not valid' };
