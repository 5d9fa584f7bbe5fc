import {
  Client,
  StreamableHTTPClientTransport,
  type CallToolRequestOptions,
  type ClientOptions,
  type GetPromptResult,
  type ListToolsResult,
  type ReadResourceResult,
  type RequestOptions,
} from '@modelcontextprotocol/client';
import { readRefusal, type ChallengeError } from './challenge-error.js';
import type { TestEndpoint } from './test-endpoint.js';
import { toToolCall, type ToolCall } from './tool-call.js';
import {
  resolveToolName,
  type MethodName,
  type MethodOf,
  type ToolArguments,
  type ToolClass,
  type ToolMethod,
  type ToolReference,
  type ToolValue,
} from './tool-reference.js';

/** How a {@link TestClient} calls. */
export interface TestClientOptions {
  /** MCP revision that the client speaks. Defaults to `'2026-07-28'`. */
  readonly era?: '2026-07-28' | '2025-11-25';
  /** `aud` of the tokens. Defaults to `resource` of the application, or to the URL. */
  readonly audience?: string;
  /** `server.name` of the server, if the application has several. */
  readonly server?: string;
  /** Options of the official client, for example its `capabilities`. */
  readonly client?: ClientOptions;
  /**
   * Called with the official client before it connects, for example to answer elicitations.
   *
   * @param client - before it connects
   */
  readonly configure?: (client: Client) => void;
}

/** Arguments of a tool, valid or not. */
type Arguments = Readonly<Record<string, unknown>>;

/**
 * Calls an MCP server as one caller, with the official client over HTTP. Each call opens a connection and closes it
 * again. Every method throws {@link ChallengeError} if the server refuses over HTTP.
 */
export class TestCaller {
  #token: Promise<string | undefined> | undefined;

  /**
   * Use {@link TestClient} to create callers.
   *
   * @param endpoint - the server to call
   * @param issueToken - called once for the token; returns `undefined` for a caller without one
   * @param options - options of the client
   */
  constructor(
    private readonly endpoint: TestEndpoint,
    private readonly issueToken: () => Promise<string | undefined>,
    private readonly options: TestClientOptions,
  ) {}

  /** The caller's token. All its calls use the same one. */
  async token(): Promise<string | undefined> {
    this.#token ??= this.issueToken();
    return await this.#token;
  }

  /**
   * Calls a tool.
   *
   * @param tool - a method that has `@McpTool`: `OrderTools.prototype.find`
   * @param rest - the input, if the tool takes one, and options of the official client
   * @throws {@link ChallengeError} if the server refuses
   * @throws TypeError if the method has no `@McpTool`
   */
  callTool<Method extends ToolMethod>(
    tool: Method,
    ...rest: ToolArguments<Method, CallToolRequestOptions>
  ): Promise<ToolCall<ToolValue<Method>>>;
  /**
   * Calls a tool.
   *
   * @param tool - the class and the name of a method that has `@McpTool`: `[OrderTools, 'find']`
   * @param rest - the input, if the tool takes one, and options of the official client
   * @throws {@link ChallengeError} if the server refuses
   * @throws TypeError if the method has no `@McpTool`
   */
  callTool<Instance extends object, Key extends MethodName<Instance>>(
    tool: readonly [ToolClass<Instance>, Key],
    ...rest: ToolArguments<MethodOf<Instance, Key>, CallToolRequestOptions>
  ): Promise<ToolCall<ToolValue<MethodOf<Instance, Key>>>>;
  /**
   * Calls a tool by name, with arguments that may be invalid.
   *
   * @param tool - its name
   * @param args - sent unchanged. Defaults to none
   * @param options - of the official client
   * @throws {@link ToolCallError} if the tool answers with an error
   * @throws {@link ChallengeError} if the server refuses
   */
  callTool(tool: string, args?: Arguments, options?: CallToolRequestOptions): Promise<ToolCall<unknown>>;
  async callTool(
    tool: ToolReference,
    args: unknown = {},
    options: CallToolRequestOptions = {},
  ): Promise<ToolCall<unknown>> {
    const name = resolveToolName(tool);
    const params = { name, arguments: args as Record<string, unknown> };
    return toToolCall(name, await this.#useClient((client) => client.callTool(params, options)));
  }

  /**
   * Lists every tool that the caller may see.
   *
   * @param options - of the official client
   * @throws {@link ChallengeError} if the server refuses
   */
  async listTools(options?: RequestOptions): Promise<ListToolsResult> {
    return await this.#useClient((client) => client.listTools(undefined, options));
  }

  /**
   * Reads a resource.
   *
   * @param uri - of the resource
   * @param options - of the official client
   * @throws {@link ChallengeError} if the server refuses
   */
  async readResource(uri: string, options?: RequestOptions): Promise<ReadResourceResult> {
    return await this.#useClient((client) => client.readResource({ uri }, options));
  }

  /**
   * Gets a prompt.
   *
   * @param name - of the prompt
   * @param args - its arguments. Defaults to none
   * @param options - of the official client
   * @throws {@link ChallengeError} if the server refuses
   */
  async getPrompt(
    name: string,
    args: Readonly<Record<string, string>> = {},
    options?: RequestOptions,
  ): Promise<GetPromptResult> {
    return await this.#useClient((client) => client.getPrompt({ name, arguments: { ...args } }, options));
  }

  /**
   * Connects the official client as this caller, for everything else. Close it after use.
   *
   * @throws {@link ChallengeError} if the server refuses
   */
  async connect(): Promise<Client> {
    return (await this.#connect()).client;
  }

  async #useClient<Result>(ask: (client: Client) => Promise<Result>): Promise<Result> {
    const { client, connection } = await this.#connect();
    try {
      return await ask(client);
    } catch (error) {
      throw connection.refusal ?? error;
    } finally {
      await client.close();
    }
  }

  async #connect(): Promise<{ client: Client; connection: Connection }> {
    const { era = '2026-07-28', client: options, configure } = this.options;
    const mode = era === '2025-11-25' ? ('legacy' as const) : { pin: era };
    const client = new Client({ name: 'test-client', version: '1.0.0' }, { ...options, versionNegotiation: { mode } });
    configure?.(client);
    const connection = new Connection(await this.token());
    const url = await this.endpoint.getUrl();
    try {
      await client.connect(new StreamableHTTPClientTransport(url, { fetch: connection.fetch }));
    } catch (error) {
      await client.close();
      throw connection.refusal ?? error;
    }
    return { client, connection };
  }
}

/** The transport of one call. It keeps the refusal, which the official client wraps in its own errors. */
class Connection {
  refusal: ChallengeError | undefined;

  constructor(private readonly token: string | undefined) {}

  readonly fetch = async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (this.token !== undefined) headers.set('authorization', `Bearer ${this.token}`);
    const response = await fetch(url, { ...init, headers });
    this.refusal ??= readRefusal(response, this.token);
    return response;
  };
}
