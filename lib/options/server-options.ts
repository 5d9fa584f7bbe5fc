import type { Icon } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { text } from './text-schema.js';

/** How the MCP server presents itself to clients (`serverInfo` of the MCP schema). */
export interface ServerOptions {
  /** Programmatic name. */
  name: string;
  /** Version of the server, for example the one in `package.json`. */
  version: string;
  /** Name for people. Defaults to `name`. */
  title?: string;
  /** Hints for the model on how to use the server. */
  instructions?: string;
  /** Pictures for people (MCP schema, `Icon`). */
  icons?: readonly Icon[];
  /** Address of a page about the server. */
  websiteUrl?: string;
}

/** Schema of {@link ServerOptions}. */
export const serverSchema = z.strictObject({
  name: text,
  version: text,
  title: text.optional(),
  instructions: text.optional(),
  icons: z.array(z.looseObject({ src: text })).optional(),
  websiteUrl: text.optional(),
});
