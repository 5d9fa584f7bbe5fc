import type { ServerContext } from '@modelcontextprotocol/server';
import { Ending } from '../../time/ending.js';

/** What the methods of this server use of a message: the SDK's context of it, or that of a message without one. */
export interface MessageContext {
  /** Comes when the client cancels the message, or leaves. In the SDK's context a signal tells of it. */
  readonly ending?: Ending;
  readonly mcpReq: Pick<
    ServerContext['mcpReq'],
    '_meta' | 'envelope' | 'id' | 'inputResponses' | 'log' | 'notify' | 'requestState' | 'signal'
  >;
}

/** When nobody waits for the answer to a message any more. */
export function findEnding({ ending, mcpReq }: MessageContext): Ending {
  return ending ?? Ending.of(mcpReq.signal);
}
