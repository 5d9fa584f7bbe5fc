import { randomBytes } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { McpRequest } from '../../lib/entry/endpoint/mcp-request.js';
import { BoundSessions } from '../../lib/entry/foreign-servers/bound-sessions.js';
import { CleanLogger } from '../../lib/log/clean-logger.js';
import { identifyConversation } from '../../lib/mcp/invocation/conversation.js';
import { RequestStates } from '../../lib/mcp/invocation/request-state.js';
import { Subscriptions } from '../../lib/mcp/notifications/subscriptions.js';
import { OpenExchanges } from '../../lib/mcp/protocol/open-exchanges.js';
import { KeptTasks } from '../../lib/mcp/tasks/kept-tasks.js';
import { TaskMethods } from '../../lib/mcp/tasks/task-methods.js';
import type { ResolvedOptions } from '../../lib/options/resolved-options.js';
import { resolveReplicas } from '../../lib/replicas/replica-options.js';
import type { Caller } from '../../lib/resource-server/access/caller.js';
import { Revocations } from '../../lib/resource-server/authentication/revocations.js';
import { hashToken } from '../../lib/resource-server/authentication/token-hash.js';
import { VerifiedTokens } from '../../lib/resource-server/authentication/verified-tokens.js';
import { AccessToken } from '../../lib/resource-server/access/caller.js';
import { callerLimits } from '../support/caller-limits.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';
import { optionalText, testMembers, text } from './members.js';

type Values = Readonly<Record<string, unknown>>;

const ofCaller = { issuer: text, subject: text, clientId: optionalText };

const toCaller = ({ issuer, subject, clientId }: Values) => ({ issuer, subject, clientId }) as Caller;

const keys = [randomBytes(32)];

/** The options of a server, and a store that it shares with the other one. */
function optionsOf(resource: unknown, store?: MemoryAdapter): ResolvedOptions {
  const replicas = resolveReplicas({ keys, ...(store && { store }) });
  return { resource, replicas, requestStateLifetimeMs: 60_000, allowRequestStateReplay: true } as ResolvedOptions;
}

/** Nobody else is told. */
const quiet = { onHanded: () => undefined, hand: () => undefined } as never;

describe('a task', () => {
  const record = { status: 'completed', ttlMs: 60_000 };

  const isFound = async (one: Values, other: Values): Promise<boolean> => {
    const store = new MemoryAdapter();
    const here = new KeptTasks(optionsOf(one.resource, store), callerLimits(), new Revocations());
    const there = new KeptTasks(optionsOf(other.resource, store), callerLimits(), new Revocations());
    const call = { owner: here.identifyOwner(toCaller(one)), tool: 'pay', arguments: {} };
    await here.save({ call, record: { ...record, taskId: one.taskId } } as never);
    const isFound = (await there.find(String(other.taskId), toCaller(other))) !== undefined;
    if (one.resource === other.resource) return isFound;
    // Nor does a task of another server take its place.
    await there.save({ call: { ...call, tool: 'read' }, record: { ...record, taskId: other.taskId } } as never);
    return isFound || (await here.find(String(one.taskId), toCaller(one)))?.tool !== 'pay';
  };

  testMembers({ ...ofCaller, resource: text, taskId: text }, (values) => values, isFound);

  test('of nobody is not one of a caller, nor the other way round', () => {
    const tasks = new KeptTasks(optionsOf('r'), callerLimits(), new Revocations());
    const callers = [{}, { issuer: '' }, { issuer: 'i', subject: 's' }].map((values) => toCaller(values));
    for (const caller of callers) expect(tasks.identifyOwner(caller)).not.toBe(tasks.identifyOwner(undefined));
  });
});

describe('a message about a task that another replica received', () => {
  /** Whether the task of the first is cancelled in the name of the second. */
  const isCancelled = (one: Values, other: Values): boolean => {
    let receive: (kind: string, party: string, message: unknown) => void = () => undefined;
    const notifications = { onHanded: (listener: typeof receive) => void (receive = listener) };
    const tasks = new KeptTasks(optionsOf(one.resource), callerLimits(), new Revocations());
    let cancelled = false;
    const call = { owner: tasks.identifyOwner(toCaller(one)) };
    const running = { call, cancel: () => (cancelled = true) };
    tasks.findRunning = () => running as never;
    new TaskMethods(notifications as never, tasks);
    const owner = new KeptTasks(optionsOf(other.resource), callerLimits(), new Revocations()).identifyOwner(
      toCaller(other),
    );
    receive('task_cancel', owner, { params: { taskId: 'task' } });
    return cancelled;
  };

  testMembers({ ...ofCaller, resource: text }, (values) => values, isCancelled);
});

describe('a session of another server', () => {
  /** What a caller gets or sends as the id of a session. */
  const bind = (values: Values, parts: { sent?: string; told?: string }): string | undefined => {
    const trace = { fail: () => undefined, createAuditContext: () => ({}) };
    const node = new IncomingMessage(new Socket());
    const request = Object.assign(new McpRequest(node), { trace, caller: toCaller(values) });
    if (parts.sent !== undefined) node.headers['mcp-session-id'] = parts.sent;
    const response = new ServerResponse(node);
    const sessions = new BoundSessions(optionsOf(values.resource), { record: () => undefined } as never);
    sessions.bind(request as never, response as never, false);
    if (parts.told !== undefined) response.writeHead(200, { 'mcp-session-id': parts.told });
    return (parts.told === undefined ? node.headers['mcp-session-id'] : response.getHeader('mcp-session-id')) as
      string | undefined;
  };

  /** Whether the second one gets into the session of the first one. */
  const isOpened = (one: Values, other: Values): boolean => {
    const sent = bind(one, { told: 'inner' });
    try {
      return bind(other, { sent: String(sent) }) === 'inner';
    } catch {
      return false;
    }
  };

  beforeAll(() => {
    jest.spyOn(CleanLogger.prototype, 'warn').mockReturnValue(undefined);
  });

  testMembers({ ...ofCaller, resource: text }, (values) => values, isOpened);
});

const partyOf = (values: Values) => identifyConversation(toCaller(values), { id: String(values.conversation) });

const ofConversation = { ...ofCaller, conversation: text };

describe('a call that a client before 2026-07-28 cancels', () => {
  const isCancelled = (one: Values, other: Values): boolean => {
    const exchanges = new OpenExchanges(callerLimits().of('openQuestions'));
    exchanges.begin(partyOf(one), one.requestId, () => undefined);
    const params = { requestId: other.requestId };
    return exchanges.cancel(partyOf(other), { jsonrpc: '2.0', method: 'notifications/cancelled', params } as never);
  };
  const requestId = fc.oneof(text, fc.integer());
  testMembers({ ...ofConversation, requestId }, (values) => values, isCancelled);
});

describe('a question to a client before 2026-07-28', () => {
  const isAnswered = async (one: Values, other: Values): Promise<boolean> => {
    const exchanges = new OpenExchanges(callerLimits().of('openQuestions'));
    const id = exchanges.expect(
      partyOf(one),
      undefined,
      () => Promise.resolve(undefined),
      () => undefined,
    );
    return (await exchanges.answer(partyOf(other), { jsonrpc: '2.0', id, result: {} }, undefined)) === 'delivered';
  };
  testMembers(ofConversation, (values) => values, isAnswered);
});

describe('a subscription of a client before 2026-07-28', () => {
  const isTold = (one: Values, other: Values): boolean => {
    const subscriptions = new Subscriptions(quiet, callerLimits());
    subscriptions.change('subscribe', { party: partyOf(one), holder: undefined }, String(one.uri));
    return subscriptions.isSubscribed(partyOf(other), { kind: 'resource_updated', uri: String(other.uri) });
  };
  testMembers({ ...ofConversation, uri: text }, (values) => values, isTold);
});

test('a conversation of nobody is not one of a caller', () => {
  for (const caller of [{}, { issuer: 'a' }].map((values) => toCaller(values)))
    expect(identifyConversation(undefined, { id: 'a' })).not.toBe(identifyConversation(caller, { id: 'a' }));
});

describe('what a call remembers', () => {
  const isTaken = (one: Values, other: Values): Promise<boolean> => {
    const bind = (values: Values) => {
      const operation = { method: String(values.method), name: values.name as string | undefined };
      return new RequestStates(optionsOf(values.resource), callerLimits()).bind(
        toCaller(values),
        operation,
        values.args,
      );
    };
    const states = new RequestStates(optionsOf(''), callerLimits());
    return states.seal({ answers: {}, asked: {}, done: {} }, bind(one), true, undefined).then((sealed) => {
      try {
        states.open(sealed, bind(other));
        return true;
      } catch {
        return false;
      }
    });
  };
  const ofCall = { resource: text, method: text, name: optionalText, args: fc.jsonValue({ maxDepth: 2 }) };
  testMembers({ ...ofCaller, ...ofCall }, (values) => values, isTaken);
});

describe('a token that was verified', () => {
  const isKnown = (one: Values, other: Values): boolean => {
    const verified = new VerifiedTokens(callerLimits());
    const caller = {
      ...toCaller({}),
      claims: {},
      expiresAtMs: Date.now() + 60_000,
      acceptedUntilMs: Date.now() + 60_000,
    };
    verified.remember({ ...caller, token: new AccessToken(String(one.token)) } as Caller, 60_000);
    return verified.find(hashToken(String(other.token))) !== undefined;
  };
  testMembers({ token: text }, (values) => values, isKnown);
});
