import { isJsonObject } from '../../json/json-object.js';
import { inputRequired, type CallToolResult, type InputRequiredResult } from '@modelcontextprotocol/server';
import { CallerActionError, type ChallengeRemedy } from '../../errors/downstream-error.js';
import type { Operation } from '../../resource-server/access/operation.js';
import type { AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import { elicitPage, readPageAnswer, type PageAnswer } from './elicited-page.js';
import { isAnswered } from './opened-page.js';
import type { IdentifyClient } from './client-channel.js';
import { RequestChannel } from './request-channel.js';
import { createState, type CallState, type OpenState, type RequestStates } from './request-state.js';
import { toFailureResult } from './tool-failure.js';
import type { MessageContext } from './message-context.js';

/** The message of one round of a call. */
export interface RoundMessage {
  readonly context: MessageContext;
  readonly identify: IdentifyClient;
  /** As the client sent it. */
  readonly body: unknown;
}

/** One round of a call. It ends with a result or with questions. The client answers them and calls again. */
export class CallRound {
  readonly channel: RequestChannel;
  /** The user's answer to the page that the client was asked to open. */
  readonly answer: PageAnswer | undefined;
  #binding: string | undefined;
  readonly #state: CallState;

  /** @throws ProtocolError if the client's state was not sealed for this call */
  constructor(
    private readonly states: RequestStates,
    private readonly authorized: Pick<AuthorizedOperation, 'caller'>,
    private readonly operation: Operation,
    private readonly message: RoundMessage,
  ) {
    const { context, identify } = message;
    const sealed = context.mcpReq.requestState();
    this.#state = sealed === undefined ? createState() : states.open(sealed, this.#bind());
    this.channel = new RequestChannel(context, identify, this.#state);
    this.answer = readPageAnswer(context.mcpReq.inputResponses, this.#state.page);
  }

  /**
   * Uses up the client's state. From here on the method may have effects.
   *
   * @throws ProtocolError if the state was used before
   */
  async begin(): Promise<void> {
    await this.states.use(this.#state);
  }

  /** Ends the round with questions, and seals the state until they are answered. */
  async ask(own: Partial<InputRequiredResult>): Promise<InputRequiredResult> {
    const { channel } = this;
    const inputRequests = { ...own.inputRequests, ...channel.questions };
    const { requestState } = own;
    return inputRequired({
      ...(Object.keys(inputRequests).length > 0 && { inputRequests }),
      requestState: await this.#seal({ ...channel.next, ...(requestState !== undefined && { own: requestState }) }),
    });
  }

  /**
   * Ends the round with a failure. If a page can fix the failure, asks the client to open it.
   *
   * @param challenge - creates a challenge for what the caller lacks, and returns its text
   * @throws UrlElicitationRequiredError if the client expects the page as an error
   */
  async fail(
    name: string,
    error: unknown,
    reference: string,
    challenge: (remedy: ChallengeRemedy) => string | undefined,
  ): Promise<CallToolResult | InputRequiredResult> {
    if (!(error instanceof CallerActionError) || !error.remedy) return toFailureResult(name, error, reference);
    const { remedy, downstream } = error;
    if ('challenge' in remedy) return toFailureResult(name, error, reference, { challenge: challenge(remedy) });
    let url: string;
    try {
      url = await remedy.page();
    } catch (failure) {
      return toFailureResult(name, failure, reference);
    }
    const page = { url, message: remedy.message };
    const { channel, answer } = this;
    const opensPages = channel.client.capabilities.elicitation?.url !== undefined;
    const isAskable = this.operation.method !== 'completion/complete' && opensPages;
    if (!isAskable || isAnswered(error, answer)) return toFailureResult(name, error, reference, { page });
    const state = { ...channel.next, ...(downstream !== undefined && { page: downstream }) };
    return await elicitPage(page, channel.client.era, () => this.#seal(state));
  }

  /** Clients before 2026-07-28 do not get the state. */
  async #seal(state: OpenState): Promise<string> {
    const isCarried = this.channel.client.era === 'modern';
    return await this.states.seal(state, this.#bind(), isCarried, this.authorized.caller);
  }

  /** Most calls have one round, and need no binding. */
  #bind(): string {
    this.#binding ??= this.states.bind(this.authorized.caller, this.operation, readBound(this.message.body));
    return this.#binding;
  }
}

/** What stays the same in each round of a call: all parameters but those that carry the rounds. */
function readBound(body: unknown): unknown {
  const { _meta, inputResponses, requestState, ...bound } =
    isJsonObject(body) && isJsonObject(body.params) ? body.params : {};
  return bound;
}
