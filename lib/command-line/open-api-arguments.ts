import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import type { McpOpenApiOptions } from '../openapi/declaration/open-api-options.js';
import { UsageError } from './command-output.js';

/** What `nestjs-mcp-auth openapi` is asked for. */
export interface OpenApiArguments {
  /** Path or URL of the document. */
  readonly document: string | undefined;
  /** Path of a module that exports options or classes. */
  readonly config: string | undefined;
  /** Options that the command line gives. They override those of the module. */
  readonly options: Partial<McpOpenApiOptions>;
  readonly json: boolean;
  /** Path of the file to write. */
  readonly write: string | undefined;
  readonly force: boolean;
  /** Path of the file to compare with. */
  readonly check: string | undefined;
}

/**
 * Reads the arguments.
 *
 * @throws {@link UsageError} if they are others, with what is wrong where that is more than the usage says
 */
export function readOpenApiArguments(args: readonly string[]): OpenApiArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      include: { type: 'string', multiple: true },
      exclude: { type: 'string', multiple: true },
      'allow-origin': { type: 'string', multiple: true },
      'accept-clear-text': { type: 'boolean' },
      downstream: { type: 'string' },
      scopes: { type: 'string' },
      'max-tools': { type: 'string' },
      strict: { type: 'boolean' },
      json: { type: 'boolean' },
      write: { type: 'string' },
      force: { type: 'boolean' },
      check: { type: 'string' },
    },
  });
  const [document, ...rest] = positionals;
  const { config, include, exclude, downstream, scopes, strict, json = false, write, force = false, check } = values;
  if (rest.length > 0 || (document === undefined && config === undefined)) throw new UsageError();
  if (write !== undefined && check !== undefined) throw new UsageError('Use --write or --check, not both');
  const { 'allow-origin': allowOrigins, 'accept-clear-text': acceptClearText, 'max-tools': maxTools } = values;
  return {
    document,
    config,
    options: {
      ...(include && { include: include.map((choice) => readChoice('include', choice)) }),
      ...(exclude && { exclude: exclude.map((choice) => readChoice('exclude', choice)) }),
      ...(allowOrigins && { allowOrigins }),
      ...(acceptClearText !== undefined && { acceptClearText }),
      ...(downstream !== undefined && { downstream }),
      ...(scopes !== undefined && { scopes: readJson('scopes', scopes) as Record<string, string> }),
      ...(maxTools !== undefined && { maxTools: readNumber('max-tools', maxTools) }),
      ...(strict !== undefined && { strict }),
    },
    json,
    write,
    force,
    check,
  };
}

/** `orders` for `./orders.openapi.yaml`. */
export function toDownstreamName(document: string): string {
  const [name = ''] = basename(URL.canParse(document) ? new URL(document).pathname : document).split('.');
  return name.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '') || 'api';
}

function readChoice(option: string, text: string): string {
  return text.startsWith('{') ? (readJson(option, text) as string) : text;
}

function readJson(option: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`--${option} is not JSON: ${text}`);
  }
}

function readNumber(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new UsageError(`--${option} is not a number: ${text}`);
  return Number(text);
}
