import { z } from 'zod';
import { following } from './text-schema.js';

/** Where an issuer says that a user has signed out (OpenID Connect Back-Channel Logout 1.0). */
export interface BackChannelLogoutOptions {
  /**
   * Path of the endpoint, which is registered at the issuer as `backchannel_logout_uri` of the server's own client.
   * Defaults to the path of `resource` with `/backchannel-logout` at its end.
   */
  path?: string;
}

export const backChannelLogoutSchema = z.strictObject({ path: following(problemOfPath).optional() });

function problemOfPath(value: string): string | undefined {
  return /^(\/[A-Za-z0-9\-._~]+)+$/.test(value) && !/\/\.{1,2}(\/|$)/.test(value)
    ? undefined
    : 'is not a path that can be mounted as it stands. Write it as "/oauth/backchannel-logout", of letters, digits, "-", ".", "_" and "~"';
}
