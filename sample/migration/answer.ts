import { ChallengeError, type TestCaller } from 'nestjs-mcp-auth/testing';

/** What a client gets: the part of a result that a model sees, or why there is none. */
export type Answer = unknown;

/** A call of a client. */
export type Ask = (caller: TestCaller) => Promise<Answer>;

/** Calls, and makes a value of a refusal. */
export async function answerTo(ask: Ask, caller: TestCaller): Promise<Answer> {
  try {
    return await ask(caller);
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
    const text = content.map((block) => (block.type === 'text' ? block.text : block.type)).join('');
    return { text, ...(structuredContent !== undefined && { structuredContent }), ...(isError && { isError }) };
  };
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

export function read(uri: string): Ask {
  return async (caller) => (await caller.readResource(uri)).contents;
}

export function prompt(name: string, args: Record<string, string>): Ask {
  return async (caller) => (await caller.getPrompt(name, args)).messages;
}

/** Who the server says that it is, by `initialize` or `server/discover`. */
export const introduce: Ask = async (caller) => {
  const client = await caller.connect();
  try {
    const { name, version } = client.getServerVersion() ?? {};
    const { tools, resources, prompts } = client.getServerCapabilities() ?? {};
    return { name, version, instructions: client.getInstructions(), has: [tools, resources, prompts].map(Boolean) };
  } finally {
    await client.close();
  }
};
