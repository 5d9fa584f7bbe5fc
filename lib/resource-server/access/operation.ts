import { isJsonObject } from '../../json/json-object.js';

/** The operation of a JSON-RPC message: `tools/call find_order`, `resources/read orders://7`, `tools/list`. */
export interface Operation {
  /** `method` of the JSON-RPC message, such as `tools/call`. */
  readonly method: string;
  /** Name of the tool, prompt or task, or URI of the resource. */
  readonly name: string | undefined;
  /** The tool that was called to call this one, if there is one: `call_operation`. */
  readonly through?: string;
}

/** The member of `params` that names the target of each method. */
const NAMES: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'resources/subscribe': 'uri',
  'resources/unsubscribe': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

/** The operation in a parsed JSON-RPC message. `undefined` if it is neither a request nor a notification. */
export function readOperation(body: unknown): Operation | undefined {
  if (!isJsonObject(body) || typeof body.method !== 'string') return undefined;
  const { method } = body;
  const params = isJsonObject(body.params) ? body.params : {};
  return { method, name: readName(method, params) };
}

function readName(method: string, params: Record<string, unknown>): string | undefined {
  if (method === 'completion/complete') {
    const { ref } = params;
    const name = isJsonObject(ref) ? ref[ref.type === 'ref/resource' ? 'uri' : 'name'] : undefined;
    return typeof name === 'string' ? name : undefined;
  }
  const key = Object.hasOwn(NAMES, method) ? NAMES[method] : undefined;
  const name = key === undefined ? undefined : params[key];
  return typeof name === 'string' ? name : undefined;
}

/** The arguments of a `tools/call` or `prompts/get`, as the client sent them. */
export function readArguments(operation: Operation | undefined, body: unknown): unknown {
  const sent = readSentArguments(body);
  return operation?.through === undefined ? sent : ((isJsonObject(sent) ? sent.arguments : undefined) ?? {});
}

/**
 * The operation that a call of a stand-in asks for: a call of the tool that its argument `name` names, with its argument
 * `arguments`.
 *
 * @returns `undefined` if the stand-in has other arguments, which are wrong then
 */
export function readThrough({ method, name: through }: Operation, body: unknown): Operation | undefined {
  const sent = readSentArguments(body);
  if (through === undefined || !isJsonObject(sent)) return undefined;
  const { name, arguments: args, ...others } = sent;
  const isWellFormed = Object.keys(others).length === 0 && (args === undefined || args === null || isJsonObject(args));
  return typeof name === 'string' && isWellFormed ? { method, name, through } : undefined;
}

function readSentArguments(body: unknown): unknown {
  const params = isJsonObject(body) ? body.params : undefined;
  return (isJsonObject(params) ? params.arguments : undefined) ?? {};
}

/** A `completion/complete` request: the argument, its partial value, and the other arguments. */
export interface CompletionRequest {
  readonly argument: string;
  readonly value: string;
  readonly arguments: Readonly<Record<string, string>>;
}

/** Reads a `completion/complete` request. The SDK validates the message before it is handled. */
export function readCompletion(body: unknown): CompletionRequest {
  const params = isJsonObject(body) && isJsonObject(body.params) ? body.params : {};
  const { name, value } = isJsonObject(params.argument) ? params.argument : {};
  const known = isJsonObject(params.context) ? params.context.arguments : undefined;
  return {
    argument: typeof name === 'string' ? name : '',
    value: typeof value === 'string' ? value : '',
    arguments: Object.fromEntries(
      Object.entries(isJsonObject(known) ? known : {}).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      ),
    ),
  };
}

/** Whether a message is a client's response to a request from the server. */
export function isAnswer(body: unknown): body is { readonly id: string | number } {
  if (!isJsonObject(body) || body.method !== undefined) return false;
  return (typeof body.id === 'string' || typeof body.id === 'number') && ('result' in body || 'error' in body);
}
