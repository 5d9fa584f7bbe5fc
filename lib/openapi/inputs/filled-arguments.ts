import { CleanLogger } from '../../log/clean-logger.js';
import { ToolError } from '../../mcp/invocation/tool-error.js';
import type { Caller } from '../../resource-server/access/caller.js';
import type { ApiOperation } from '../operations/api-operation.js';
import type { FilledArgument, OperationInput } from './operation-input.js';

const logger = new CleanLogger('McpOpenApi');

/** Who calls what. */
export interface FilledCall {
  readonly caller: Caller | undefined;
  readonly operation: ApiOperation;
}

/**
 * Adds what is sent in place of arguments.
 *
 * @param args - of the model. What it may not write is replaced
 * @throws {@link ToolError} if there is no value for this caller; what `from` throws
 */
export async function fillArguments(
  { filled }: OperationInput,
  args: Readonly<Record<string, unknown>>,
  call: FilledCall,
): Promise<Readonly<Record<string, unknown>>> {
  const values = await Promise.all(filled.map(async (one) => [one.key, await findValue(one, call)] as const));
  return { ...args, ...Object.fromEntries(values) };
}

async function findValue({ rule, isRequired }: FilledArgument, { caller, operation }: FilledCall): Promise<unknown> {
  const { value, from, hidden } = rule.setting;
  const place = `\`${rule.option}\` of ${operation.method} ${operation.path}`;
  if (hidden) return undefined;
  if (!from) return value;
  if (!caller) {
    logger.sum(
      'warn',
      `anonymous ${place}`,
      `${place} is filled in from the caller, and an anonymous call has none. The call fails.`,
    );
    throw new ToolError('This call needs a caller who is signed in.');
  }
  const found = await askFor(place, () => from({ caller, operation }));
  if (found !== undefined || !isRequired) return found;
  logger.sum(
    'warn',
    `unknown ${place}`,
    `${place} has no value for the caller ${caller.subject}, and the document requires one. The call fails.`,
  );
  throw new ToolError(
    'This call needs something that is not known of the user who is signed in. Whoever administers the account can add it.',
  );
}

/** What a function of the application throws is told as any failure of a tool, and the log names the option. */
async function askFor(place: string, from: () => unknown): Promise<unknown> {
  try {
    return await from();
  } catch (error) {
    logger.sum('warn', `failed ${place}`, `${place} could not be filled in: its \`from\` threw.`);
    throw error;
  }
}
