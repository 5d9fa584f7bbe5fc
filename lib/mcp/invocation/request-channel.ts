import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  type ClientCapabilities,
  type Implementation,
  type InputRequest,
  type InputRequests,
  type InputResponses,
  type LoggingLevel,
} from '@modelcontextprotocol/server';
import { Suspension, type ClientChannel, type IdentifyClient } from './client-channel.js';
import type { McpClient } from '../../resource-server/decorators/mcp-context.js';
import { computeDigest, type CallState, type OpenState } from './request-state.js';
import type { MessageContext } from './message-context.js';

/**
 * Reaches the client through the request that it made. A question ends the call. The call is then repeated with the
 * answers: by the client, or by the SDK for clients before 2026-07-28.
 */
export class RequestChannel implements ClientChannel {
  readonly #context: MessageContext;
  readonly #identify: IdentifyClient;
  readonly #state: CallState;
  readonly #asked: Record<string, string> = {};
  #questions: InputRequests | undefined;

  /**
   * @param context - of the message that the client has sent
   * @param identify - says who the client is and what it can do, if it speaks a revision before 2026-07-28
   * @param state - what the call remembers of earlier rounds
   */
  constructor(context: MessageContext, identify: IdentifyClient, state: CallState) {
    this.#context = context;
    this.#identify = identify;
    this.#state = state;
  }

  get client(): McpClient {
    const { envelope } = this.#context.mcpReq;
    // A message of an earlier revision may have single keys of the envelope. The revision makes it one of 2026-07-28.
    if (envelope && PROTOCOL_VERSION_META_KEY in envelope) {
      const { [CLIENT_CAPABILITIES_META_KEY]: capabilities, [CLIENT_INFO_META_KEY]: info } = envelope as {
        [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities;
        [CLIENT_INFO_META_KEY]?: Implementation;
      };
      return { era: 'modern', capabilities: capabilities ?? {}, info };
    }
    const { capabilities, info } = this.#identify();
    return {
      era: 'legacy',
      capabilities: capabilities ?? {},
      info,
    };
  }

  get meta(): Readonly<Record<string, unknown>> {
    const { progressToken, ...meta } = this.#context.mcpReq._meta ?? {};
    return meta;
  }

  get inputResponses(): InputResponses | undefined {
    return this.#context.mcpReq.inputResponses as InputResponses | undefined;
  }

  get requestState(): string | undefined {
    return this.#state.own;
  }

  get questions(): InputRequests | undefined {
    return this.#questions;
  }

  /** The state to remember for the next round. */
  get next(): OpenState {
    const { answers, done } = this.#state;
    return { answers, done, asked: this.#asked };
  }

  async progress(progress: number, total?: number, message?: string): Promise<void> {
    const progressToken = this.#context.mcpReq._meta?.progressToken;
    if (progressToken === undefined) return;
    await this.#context.mcpReq.notify({
      method: 'notifications/progress',
      params: {
        progressToken,
        progress,
        ...(total !== undefined && { total }),
        ...(message !== undefined && { message }),
      },
    });
  }

  async log(level: LoggingLevel, data: unknown, logger?: string): Promise<void> {
    await this.#context.mcpReq.log(level, data, logger);
  }

  ask(key: string, question: InputRequest): Promise<unknown> {
    const digest = computeDigest(question);
    const { answers, asked } = this.#state;
    // The current question may differ from the one that was answered.
    const known = Object.hasOwn(answers, key) ? answers[key] : undefined;
    if (known?.question === digest) return Promise.resolve(known.value);
    const { inputResponses = {} } = this.#context.mcpReq;
    if (Object.hasOwn(inputResponses, key) && Object.hasOwn(asked, key) && asked[key] === digest) {
      answers[key] = { question: digest, value: inputResponses[key] };
      return Promise.resolve(inputResponses[key]);
    }
    this.#questions = { ...this.#questions, [key]: question };
    this.#asked[key] = digest;
    return Promise.reject(new Suspension());
  }

  async once(key: string, run: () => unknown): Promise<unknown> {
    const { done } = this.#state;
    if (!Object.hasOwn(done, key)) done[key] = (await run()) ?? null;
    return done[key];
  }
}
