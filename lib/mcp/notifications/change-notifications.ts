import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import {
  InMemoryServerEventBus,
  parseJSONRPCMessage,
  type JSONRPCMessage,
  type ServerEvent,
  type ServerEventBus,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { CleanLogger } from '../../log/clean-logger.js';
import { Revocations } from '../../resource-server/authentication/revocations.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import type { Listed } from '../../resource-server/catalogue/list-changes.js';
import { describeError } from '../../errors/reason.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { deriveKey } from '../../replicas/composite-key.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { handedCallerSchema, toHandedCaller } from './handed-caller.js';
import { KeyRing } from '../../replicas/key-ring.js';

/** Messages of a client that one replica receives and another one waits for. */
export type Handed = (typeof HANDED)[number];

const HANDED = ['answer', 'cancelled', 'task_update', 'task_cancel', 'subscribe', 'unsubscribe'] as const;

type HandedListener = (kind: Handed, party: string, message: JSONRPCMessage, caller: Caller | undefined) => void;

const KINDS = {
  tools: 'tools_list_changed',
  resources: 'resources_list_changed',
  prompts: 'prompts_list_changed',
} as const;

const eventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['tools_list_changed', 'resources_list_changed', 'prompts_list_changed']) }),
  z.object({ kind: z.literal('resource_updated'), uri: z.string() }),
]);

const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('event'), server: z.string(), from: z.string(), event: eventSchema }),
  z.object({ type: z.enum(['handed', 'revoked']), server: z.string(), from: z.string(), sealed: z.string() }),
]);

const revocationSchema = z.object({
  issuer: z.string(),
  subject: z.string().optional(),
  sessionId: z.string().optional(),
});

const handedSchema = z.object({
  kind: z.enum(HANDED),
  party: z.string(),
  message: z.unknown(),
  caller: handedCallerSchema.optional(),
});

/** Notifies clients and the other replicas of changes (MCP specification, `subscriptions/listen`). */
@Injectable()
export class ChangeNotifications implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new CleanLogger('McpNotifications');
  readonly #local = new InMemoryServerEventBus();
  readonly #self = randomUUID();
  readonly #ring: KeyRing;
  readonly #handed = new Set<HandedListener>();
  #unsubscribe: (() => void | Promise<void>) | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    catalogue: Catalogue,
    private readonly revocations: Revocations,
  ) {
    this.#ring = new KeyRing(options.replicas.keys, 'bus', options.resource);
    catalogue.onChange((listed) => {
      this.sendListChanged(listed);
    });
    revocations.onRevoked((revocation, _isMeant, from) => {
      if (from === 'here' && options.replicas.bus)
        this.#publish({ type: 'revoked', sealed: this.#seal('revoked', revocation) });
    });
  }

  /** The bus that the streams of this process listen to. */
  get bus(): ServerEventBus {
    return this.#local;
  }

  /** Starts listening to the other replicas. */
  async onModuleInit(): Promise<void> {
    const { bus } = this.options.replicas;
    if (!bus) return;
    this.#unsubscribe = await bus.subscribe((message) => {
      this.#receive(message);
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.#unsubscribe?.();
  }

  sendListChanged(listed: Listed): void {
    this.#tell({ kind: KINDS[listed] });
  }

  sendResourceUpdated(uri: string): void {
    this.#tell({ kind: 'resource_updated', uri });
  }

  /** @param listener - receives the client messages that other replicas hand over */
  onHanded(listener: HandedListener): void {
    this.#handed.add(listener);
  }

  /**
   * Hands a client message to the replica that waits for it. It is encrypted, because it may contain a user's input.
   *
   * @param isKnown - whether this replica has already delivered the message
   * @param caller - who the message is from, if the other replicas keep something for it
   */
  hand(kind: Handed, party: string, message: JSONRPCMessage, isKnown: boolean, caller?: Caller): void {
    if (isKnown || !this.options.replicas.bus) return;
    const handed = { kind, party, message, caller: caller && toHandedCaller(caller) };
    this.#publish({ type: 'handed', sealed: this.#seal('handed', handed) });
  }

  #tell(event: ServerEvent): void {
    this.#local.publish(event);
    this.#publish({ type: 'event', event });
  }

  #publish(message: Record<string, unknown>): void {
    const {
      resource,
      replicas: { bus },
    } = this.options;
    if (!bus) return;
    const text = JSON.stringify({ ...message, server: resource, from: this.#self });
    Promise.resolve()
      .then(() => bus.publish(text))
      .catch((error: unknown) => {
        this.#logger.sum('warn', 'publish', `Other replicas could not be notified: ${describeError(error)}`);
      });
  }

  #receive(text: string): void {
    const message = messageSchema.safeParse(parse(text)).data;
    if (!message) return;
    const { server, from } = message;
    if (server !== this.options.resource || from === this.#self) return;
    if (message.type === 'event') {
      this.#local.publish(message.event);
      return;
    }
    const opened = parse(this.#ring.open(message.sealed, this.#place(message.type)) ?? '');
    if (message.type === 'revoked') {
      const revocation = revocationSchema.safeParse(opened).data;
      if (revocation) this.revocations.announce(revocation, 'replica');
      return;
    }
    const handed = handedSchema.safeParse(opened).data;
    if (!handed) return;
    const { kind, party, caller } = handed;
    for (const listener of this.#handed) listener(kind, party, parseJSONRPCMessage(handed.message), caller);
  }

  #seal(type: 'handed' | 'revoked', content: unknown): string {
    return this.#ring.seal(JSON.stringify(content), this.#place(type));
  }

  #place(type: 'handed' | 'revoked'): string {
    return deriveKey('bus', this.options.resource, type);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
