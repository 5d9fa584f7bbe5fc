import { Injectable } from '@nestjs/common';
import { Server, type ServerContext } from '@modelcontextprotocol/server';
import { toReadable } from '../../errors/reason.js';
import type { Admit, AuthorizedRequest, DeniedRequest } from '../invocation/authorized-request.js';
import { tellDenials } from '../invocation/denied-operation.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { identifyConversation } from '../invocation/conversation.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import { Admission } from '../../resource-server/authorization/admission.js';
import { AdmissionRequests } from '../tasks/admission-requests.js';
import { TaskingServer } from '../tasks/tasking-server.js';
import { TaskMethods } from '../tasks/task-methods.js';
import { CallMethods, type CallMethod, type CallParameters } from './call-methods.js';
import { ConversationMethods } from './conversation-methods.js';
import { ConversingServer } from './conversing-server.js';
import { ListMethods, type ListMethod } from './list-methods.js';
import type { AdmitAnswer, OpenExchanges } from './open-exchanges.js';
import { ServerDescription } from './server-description.js';
import { tellProtocolErrors } from './told-errors.js';

const logger = new CleanLogger('McpServing');

/** Methods that may ask the client a question. */
const ASKING = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** Creates the SDK's servers. Their handlers do only what was authorized. */
@Injectable()
export class ProtocolServers {
  constructor(
    private readonly description: ServerDescription,
    private readonly lists: ListMethods,
    private readonly calls: CallMethods,
    private readonly conversations: ConversationMethods,
    private readonly tasks: TaskMethods,
    private readonly requests: AdmissionRequests,
    private readonly admission: Admission,
  ) {}

  /** Creates a server for one HTTP request. */
  make(served: AuthorizedRequest | DeniedRequest, era: 'modern' | 'legacy', exchanges: OpenExchanges): Server {
    const { conversation, body } = served;
    const { caller, operation, primitive } = 'denied' in served ? served.denied : served.authorized;
    const method = operation?.method ?? '';
    const { implementation, offered } = this.description;
    let server: Server;
    if (era === 'legacy' && conversation && ASKING.has(method)) {
      const party = identifyConversation(caller, conversation);
      const requestId = (body as { id?: unknown }).id;
      const level = this.conversations.getLevel(party);
      const admitAnswer: AdmitAnswer = (answering) => this.#admitAnswer(answering, served);
      const part = { conversation, party, holder: caller, level, requestId, admitAnswer };
      server = new ConversingServer(implementation, offered, part, exchanges);
    } else {
      const Type = primitive && 'task' in primitive && primitive.task ? TaskingServer : Server;
      server = new Type(implementation, offered);
    }
    tellProtocolErrors(server, served.interruption);
    this.#handle(
      server,
      method,
      () => {
        if ('denied' in served) throw served.denied;
        return served;
      },
      'denied' in served ? undefined : served.settled,
    );
    return server;
  }

  /** An answer needs what the call needs that asked. It may come later, and with another token. */
  async #admitAnswer(
    caller: Caller | undefined,
    call: AuthorizedRequest | DeniedRequest,
  ): Promise<AccessDeniedError | undefined> {
    const { operation } = 'denied' in call ? call.denied : call.authorized;
    const readings = 'denied' in call ? [] : call.authorized.readings;
    try {
      const asked = await this.requests.make(caller, operation, call.body);
      await this.admission.admit({ ...asked, readings }, call.trace);
      return undefined;
    } catch (thrown) {
      const error = toReadable(thrown);
      if (error instanceof AccessDeniedError) return error;
      const { correlationId: reference } = call.trace;
      logger.error(`It could not be decided who may answer a question [${reference}]`, error);
      return new AccessDeniedError({ reason: 'undecided', caller, operation, cause: error, reference });
    }
  }

  /** Creates a server for a connection. Each of its messages is authorized separately. */
  makeForConnection(admit: Admit): Server {
    const { implementation, possible } = this.description;
    // The capabilities are sent once and have to cover what is registered later.
    const server = new TaskingServer(implementation, possible);
    tellProtocolErrors(server);
    for (const method of METHODS) this.#handle(server, method, admit);
    return server;
  }

  /** @param settled - what the method has already come to. What the client is asked then makes it run again */
  #handle(server: Server, method: string, letIn: Admit, settled?: Promise<unknown>): void {
    // The SDK refuses handlers for capabilities that the server does not declare.
    if (!isOffered(server, method)) return;
    const identify = () => ({ capabilities: server.getClientCapabilities(), info: server.getClientVersion() });
    // A tool result can report a denial. Other methods answer with an error.
    const admit: Admit = method === 'tools/call' ? letIn : (...asked) => tellDenials(() => letIn(...asked));
    switch (method) {
      case 'tools/list':
      case 'prompts/list':
      case 'resources/list':
      case 'resources/templates/list':
        answerBy(server, method, (params, context) => this.lists.answer(method, params, context, identify, admit));
        break;
      case 'tools/call':
      case 'prompts/get':
      case 'resources/read':
      case 'completion/complete':
        answerBy(
          server,
          method,
          takeOnce(settled, (params, context) => this.calls.answer(method, params, context, identify, admit)),
        );
        break;
      case 'resources/subscribe':
      case 'resources/unsubscribe':
      case 'logging/setLevel':
        this.conversations.handle(server, method, admit);
        break;
      case 'tasks/get':
      case 'tasks/update':
      case 'tasks/cancel':
        this.tasks.handle(server, method, admit);
        break;
      default:
    }
  }
}

type Answer = (params: CallParameters & { readonly cursor?: string }, context: ServerContext) => Promise<unknown>;

/** Answers with what is settled at first, and by the method from then on. */
function takeOnce(settled: Promise<unknown> | undefined, answer: Answer): Answer {
  let first = settled;
  return async (...asked) => {
    const once = first;
    first = undefined;
    return await (once ?? answer(...asked));
  };
}

/** Answers a method of the protocol. The SDK checks the message and the result. */
function answerBy(server: Server, method: CallMethod | ListMethod, answer: Answer): void {
  const register = server.setRequestHandler.bind(server) as (
    name: string,
    handle: (request: { readonly params?: object }, context: ServerContext) => Promise<unknown>,
  ) => void;
  register(method, ({ params = {} }, context) => answer(params, context));
}

function isOffered(server: Server, method: string): boolean {
  const { prompts, resources, completions } = server.getCapabilities();
  if (method.startsWith('prompts/')) return prompts !== undefined;
  if (method.startsWith('resources/')) return resources !== undefined;
  return method !== 'completion/complete' || completions !== undefined;
}

const METHODS = [
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'completion/complete',
  'tasks/get',
  'tasks/update',
  'tasks/cancel',
];
