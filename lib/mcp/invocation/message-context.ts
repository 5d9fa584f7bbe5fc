import type { ServerContext } from '@modelcontextprotocol/server';

/** What the methods of this server use of a message: the SDK's context of it, or that of a message without one. */
export interface MessageContext {
  readonly mcpReq: Pick<
    ServerContext['mcpReq'],
    '_meta' | 'envelope' | 'id' | 'inputResponses' | 'log' | 'notify' | 'requestState' | 'signal'
  >;
}
