import { z } from 'zod';
import { buildLinkPath } from '../../on-behalf-of/linking/link-paths.js';
import { findPathProblem } from '../../options/option-rules.js';
import { createTextSchema } from '../../options/text-schema.js';

/** The endpoint where an issuer reports that a user has signed out (OpenID Connect Back-Channel Logout 1.0). */
export interface BackChannelLogoutOptions {
  /**
   * Path of the endpoint. Register it at the issuer as `backchannel_logout_uri` of the server's own client. Defaults
   * to the path of the endpoint followed by `/backchannel-logout`.
   */
  path?: string;
}

/** How the server learns of sign-outs. */
export interface LogoutOptions {
  /** Enables the endpoint for OpenID Connect Back-Channel Logout 1.0. Without it the endpoint does not exist. */
  backChannel?: BackChannelLogoutOptions;
}

/** Schema of {@link LogoutOptions}. */
export const logoutSchema = z.strictObject({
  backChannel: z.strictObject({ path: createTextSchema(findPathProblem).optional() }).optional(),
});

/**
 * Checks whether a path clashes with the other paths of the module.
 *
 * @param endpoint - path of the endpoint
 */
export function findLogoutPathProblem(path: string, endpoint: string): string | undefined {
  // Express ignores case.
  const [own, taken] = [path, endpoint].map((one) => one.toLowerCase()) as [string, string];
  if (own === taken) return 'is the path of the endpoint. Choose another';
  const isOfModule = own.startsWith('/.well-known/') || own.startsWith(`${buildLinkPath(taken)}/`);
  return isOfModule ? 'is a path that has another meaning. Choose another' : undefined;
}

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    /** Path of the endpoint for logout tokens, if enabled. */
    readonly backChannelLogoutPath: string | undefined;
  }
}

/** @param endpoint - path of the endpoint, empty at the root */
export function resolveLogoutPath({ backChannel }: LogoutOptions = {}, endpoint: string): string | undefined {
  return backChannel && (backChannel.path ?? `${endpoint}/backchannel-logout`);
}
