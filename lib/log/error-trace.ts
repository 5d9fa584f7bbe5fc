import { McpAuthConfigurationError } from '../errors/configuration-error.js';
import { linkToError } from '../errors/documentation.js';
import { DownstreamError } from '../errors/downstream-error.js';
import { McpAuthError } from '../errors/mcp-auth-error.js';
import { toReadable } from '../errors/reason.js';
import { cleanText } from './clean-text.js';

/** Causes may be circular. */
const MAX_CAUSES = 8;

/** Maximum characters of a code. */
const MAX_CODE = 100;

/** Maximum lines of one stack. */
const MAX_FRAMES = 50;

/** Maximum characters of a stack that are looked at. */
const MAX_STACK = 100_000;

/** A line of a stack. */
const FRAME = /^\s+at /;

/**
 * The stacks of an error and of its causes, each message on one line. Other properties are left out: those of HTTP
 * clients hold headers.
 */
export function formatTrace(thrown: unknown): string {
  return formatChain(thrown, (error) => formatStack(error, error === thrown ? tellLink(error) : ''), '\nCaused by: ');
}

/** The messages of an error and of its causes, all on one line. */
export function formatMessages(thrown: unknown): string {
  const messages = formatChain(
    thrown,
    (error) => cleanText(`${error.name}: ${error.message}${tellFix(error)}`),
    ', caused by: ',
  );
  return `${messages}${tellLink(thrown)}`;
}

/** Where an error and its causes come from, with their names and codes. Their messages may differ each time. */
export function identifyKind(thrown: unknown): string {
  const describe = ({ name, stack = '' }: Error) =>
    `${name} ${stack.slice(0, MAX_STACK).split('\n').find(isFrame) ?? ''}`;
  return formatChain(thrown, describe, '\n');
}

function formatChain(thrown: unknown, format: (error: Error) => string, joint: string, depth = 0): string {
  try {
    const error = toReadable(thrown);
    if (!(error instanceof Error)) return `A value was thrown that is not an Error: ${typeof error}`;
    const code = 'code' in error && typeof error.code === 'string' ? `(${cleanText(error.code, MAX_CODE)}) ` : '';
    const isLast = error.cause === undefined || depth === MAX_CAUSES;
    const cause = isLast ? '' : `${joint}${formatChain(error.cause, format, joint, depth + 1)}`;
    return `${code}${format(error)}${cause}`;
  } catch {
    return 'An error was thrown that cannot be read';
  }
}

/** A message may contain what looks like lines of a stack. */
function formatStack(error: Error, link: string): string {
  const { name, message, stack = '' } = error;
  const start = message === '' ? -1 : stack.indexOf(message);
  const end = start + message.length;
  const head = start === -1 ? `${name}: ${message}` : stack.slice(0, end);
  const rest = start === -1 ? stack : stack.slice(end);
  const frames = rest.slice(0, MAX_STACK).split('\n').filter(isFrame);
  return [`${head}${tellFix(error)}${link}`, ...frames.slice(0, MAX_FRAMES)].map((line) => cleanText(line)).join('\n');
}

/** What the error says of it, for operators, without the dot at its end. */
function tellFix(error: Error): string {
  return error instanceof DownstreamError && error.fix !== undefined ? `. ${error.fix.replace(/\.$/, '')}` : '';
}

/** Where the documents say more. The message of a wrong configuration has it already. */
function tellLink(thrown: unknown): string {
  if (!(thrown instanceof McpAuthError) || thrown instanceof McpAuthConfigurationError) return '';
  return `. See ${linkToError(thrown.code)}`;
}

function isFrame(line: string): boolean {
  return FRAME.test(line);
}
