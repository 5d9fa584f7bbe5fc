import type { Client, CompleteRequestParams, ContentBlock, Progress } from '@modelcontextprotocol/client';
import {
  ChallengeError,
  type TestCaller,
  type TestClient,
  type TestClientOptions,
  type TestTokenClaims,
} from 'nestjs-mcp-auth/testing';

/** What a client gets: the part of a result that a model sees, or why there is none. */
export type Answer = unknown;

/** What a client asks. */
export type Ask = (caller: TestCaller) => Promise<Answer>;

/** What a client asks, and as whom. */
export interface Call {
  readonly ask: Ask;
  /** Claims of the caller's token. Without them there is no token. */
  readonly as?: TestTokenClaims;
}

/** What the clients of the samples can do. */
export const clientOptions = { client: { capabilities: { elicitation: {} } } } satisfies TestClientOptions;

/** Makes a call. A refusal is an answer, too. */
export async function answerTo({ ask, as }: Call, client: TestClient): Promise<Answer> {
  try {
    return await ask(as ? client.as(as) : client.anonymously());
  } catch (error) {
    if (error instanceof ChallengeError) return { status: error.status, error: error.error, scopes: error.scopes };
    const { code, message } = error as { code?: unknown; message: string };
    return { code, message };
  }
}

/** Calls a tool. The text says all that there is. */
export function call(name: string, args: Record<string, unknown> = {}): Ask {
  return async (caller) => {
    const { content, structuredContent, isError = false } = await caller.callTool(name, args);
    return {
      text: textOf(content),
      ...(structuredContent !== undefined && { structuredContent }),
      ...(isError && { isError }),
    };
  };
}

/** Calls a tool, says yes to its question, and tells what it said before its result. */
export function follow(name: string, args: Record<string, unknown>): Ask {
  return byClient(async (client) => {
    const heard: unknown[] = [];
    client.setNotificationHandler('notifications/message', ({ params: { level, data } }) => {
      heard.push({ level, data });
    });
    client.setRequestHandler('elicitation/create', ({ params: { message } }) => {
      heard.push({ message });
      return { action: 'accept' as const, content: { sure: true } };
    });
    const onprogress = ({ progress, total }: Progress) => heard.push({ progress, total });
    const { content, isError } = await client.callTool({ name, arguments: args }, { onprogress });
    return { heard, text: textOf(content), ...(isError && { isError }) };
  });
}

/** Lists the tools by name, with their input and output, without the wording that JSON Schema leaves open. */
export const listTools: Ask = async (caller) => {
  const { tools } = await caller.listTools();
  return Object.fromEntries(
    tools
      .toSorted((one, other) => one.name.localeCompare(other.name))
      .map(({ name, description, inputSchema: { properties = {}, required = [] } }) => [
        name,
        { description, properties, required },
      ]),
  );
};

export const listNames: Ask = async (caller) => {
  const { tools } = await caller.listTools();
  return tools.map(({ name }) => name).toSorted();
};

export const listSecuritySchemes: Ask = async (caller) => {
  const { tools } = await caller.listTools();
  return Object.fromEntries(tools.map(({ name, _meta }) => [name, _meta?.securitySchemes ?? 'none']));
};

export function read(uri: string): Ask {
  return async (caller) => (await caller.readResource(uri)).contents;
}

export function prompt(name: string, args: Record<string, string>): Ask {
  return async (caller) => (await caller.getPrompt(name, args)).messages;
}

export const listResources: Ask = byClient(async (client) => {
  const { resources } = await client.listResources();
  return resources.toSorted((one, other) => one.uri.localeCompare(other.uri));
});

export function complete(ref: CompleteRequestParams['ref'], name: string, value: string): Ask {
  return byClient(async (client) => (await client.complete({ ref, argument: { name, value } })).completion.values);
}

export const ping: Ask = byClient((client) => client.ping());

/** Who the server says that it is, by `initialize` or `server/discover`. */
export const introduce: Ask = byClient((client) => {
  const { name, version } = client.getServerVersion() ?? {};
  const { tools, resources, prompts } = client.getServerCapabilities() ?? {};
  return { name, version, instructions: client.getInstructions(), has: [tools, resources, prompts].map(Boolean) };
});

/** Asks with the official client, and closes it. */
function byClient(ask: (client: Client) => Answer): Ask {
  return async (caller) => {
    const client = await caller.connect();
    try {
      return await ask(client);
    } finally {
      await client.close();
    }
  };
}

function textOf(content: readonly ContentBlock[]): string {
  return content.map((block) => (block.type === 'text' ? block.text : block.type)).join('');
}
