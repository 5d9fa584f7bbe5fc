import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Caller } from '../../resource-server/access/caller.js';
import { isJsonObject } from '../../json/json-object.js';

const conversationSchema = z.object({
  /** Unguessable, and nobody's proof of anything. */
  id: z.uuid(),
  protocolVersion: z.string(),
  capabilities: z.record(z.string(), z.unknown()),
  clientInfo: z.object({ name: z.string(), version: z.string() }),
});

/**
 * What a client of the revisions before 2026-07-28 says of itself once, in `initialize`. It takes it along as its
 * `Mcp-Session-Id`, so that no server has to keep it. It is as little to be trusted as the rest of what a client says of
 * itself, and nobody is authenticated by it.
 */
export type Conversation = z.infer<typeof conversationSchema>;

/** Characters; headers that are longer are refused on the way. */
const MAX_LENGTH = 2_000;

/** Capabilities that a server makes use of, without what else a client may put there. */
const CAPABILITIES = ['elicitation', 'sampling', 'roots'] as const;

/** The conversation that an `initialize` begins; `undefined` for what is none. */
export function beginConversation(body: unknown): string | undefined {
  const { params } = (body ?? {}) as { params?: Record<string, unknown> };
  const { capabilities, protocolVersion, clientInfo } = params ?? {};
  const declared = isJsonObject(capabilities) ? capabilities : {};
  const { name, version } = (clientInfo ?? {}) as { name?: unknown; version?: unknown };
  const conversation = conversationSchema.safeParse({
    id: randomUUID(),
    protocolVersion,
    capabilities: Object.fromEntries(CAPABILITIES.flatMap((key) => (key in declared ? [[key, declared[key]]] : []))),
    clientInfo: { name, version },
  });
  if (!conversation.success) return undefined;
  const text = Buffer.from(JSON.stringify(conversation.data)).toString('base64url');
  return text.length > MAX_LENGTH ? undefined : text;
}

/** Reads what a client has taken along; `undefined` for anything else. */
export function readConversation(header: string | string[] | undefined): Conversation | undefined {
  if (typeof header !== 'string' || header.length > MAX_LENGTH) return undefined;
  try {
    return conversationSchema.safeParse(JSON.parse(Buffer.from(header, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}

/** Whose a conversation is: what one caller says is of no effect on another's. */
export function identifyParty(caller: Caller | undefined, { id }: Pick<Conversation, 'id'>): string {
  return JSON.stringify(caller ? [caller.issuer, caller.subject, caller.clientId, id] : [id]);
}
