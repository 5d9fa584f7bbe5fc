import type { Type } from '@nestjs/common';
import { Listings } from './listings.js';
import { ServerDescription } from './server-description.js';
import { ListMethods } from './list-methods.js';
import { CallShares } from './call-shares.js';
import { CallMethods } from './call-methods.js';
import { ConversationMethods } from './conversation-methods.js';
import { ProtocolServers } from './protocol-servers.js';
import { OpenStreams } from './open-streams.js';
import { InFlight } from './in-flight.js';
import { Shutdown } from './shutdown.js';
import { SubscriptionStreams } from './subscription-streams.js';
import { ClientMessages } from './client-messages.js';
import { DirectServing } from './direct-serving.js';
import { SdkHandler } from './sdk-handler.js';
import { McpServing } from './mcp-serving.js';

/** The providers of this room. */
export const PROTOCOL_PROVIDERS: readonly Type[] = [
  Listings,
  ServerDescription,
  ListMethods,
  CallShares,
  CallMethods,
  ConversationMethods,
  ProtocolServers,
  OpenStreams,
  InFlight,
  Shutdown,
  ClientMessages,
  SubscriptionStreams,
  DirectServing,
  SdkHandler,
  McpServing,
];
