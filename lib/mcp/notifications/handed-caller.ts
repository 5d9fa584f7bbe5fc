import { z } from 'zod';
import { AccessToken, type Caller } from '../../resource-server/access/caller.js';

/** What replicas tell each other of a caller. Its token stays with the replica that received it. */
export const handedCallerSchema = z
  .object({
    issuer: z.string(),
    subject: z.string(),
    clientId: z.string().optional(),
    appOnly: z.boolean(),
    scopes: z.array(z.string()),
    actor: z.custom<NonNullable<Caller['actor']>>().optional(),
    claims: z.record(z.string(), z.unknown()),
    expiresAtMs: z.number(),
    acceptedUntilMs: z.number(),
  })
  .transform(({ actor, clientId, ...rest }): Caller => {
    return { ...rest, clientId, ...(actor && { actor }), token: new AccessToken('') };
  });

/** Removes the token of a caller. */
export function toHandedCaller(caller: Caller): z.input<typeof handedCallerSchema> {
  const { issuer, subject, clientId, appOnly, scopes, actor, claims, expiresAtMs, acceptedUntilMs } = caller;
  const party = { issuer, subject, clientId, appOnly, actor };
  return { ...party, scopes: [...scopes], claims: { ...claims }, expiresAtMs, acceptedUntilMs };
}
