import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { deriveKey } from '../../replicas/composite-key.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { identifyParty } from '../../resource-server/access/party.js';
import { isJsonObject } from '../../json/json-object.js';

const conversationSchema = z.object({
  /** Random. It does not authenticate anyone. */
  id: z.uuid(),
  protocolVersion: z.string(),
  capabilities: z.record(z.string(), z.unknown()),
  clientInfo: z.object({ name: z.string(), version: z.string() }),
});

/**
 * What a client before 2026-07-28 sends once, in `initialize`. The client carries it as its `Mcp-Session-Id`, so no
 * server has to keep it. It is client input: it is not trusted, and it authenticates nobody.
 */
export type Conversation = z.infer<typeof conversationSchema>;

/** Maximum number of characters. Intermediaries refuse longer headers. */
const MAX_LENGTH = 2_000;

/** The capabilities that a server uses. Other members are dropped. */
const CAPABILITIES = ['elicitation', 'sampling', 'roots'] as const;

/** Creates the conversation of an `initialize`. Returns `undefined` for any other message. */
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

/** Reads the conversation that a client sent. Returns `undefined` if it is invalid. */
export function readConversation(header: string | string[] | undefined): Conversation | undefined {
  if (typeof header !== 'string' || header.length > MAX_LENGTH) return undefined;
  try {
    return conversationSchema.safeParse(JSON.parse(Buffer.from(header, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}

/** Identifies the owner of a conversation, so that callers cannot affect each other's conversations. */
export function identifyConversation(caller: Caller | undefined, { id }: Pick<Conversation, 'id'>): string {
  return deriveKey('conversation', identifyParty(caller), id);
}
