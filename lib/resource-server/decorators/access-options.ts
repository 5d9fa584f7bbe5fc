import type { Type } from '@nestjs/common';
import type { StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import type { ScopeRule } from '../access/scope-rule.js';
import type { DownstreamName, ServerName } from '../../options/register.js';

/** A Standard Schema that also tells itself as JSON Schema, such as one of zod 4.2 or later. */
export type ToolSchema = StandardSchemaWithJSON;

/**
 * What arguments are checked by: a {@link ToolSchema}, or a class with decorators of `class-validator`, whose instances
 * methods then get.
 */
export type ArgumentsSchema = ToolSchema | Type<object>;

/** What a method gets for a schema. */
export type ArgumentsOf<Schema> = Schema extends ToolSchema
  ? StandardSchemaWithJSON.InferOutput<Schema>
  : Schema extends Type<infer Instance>
    ? Instance
    : unknown;

/** What tools, resources, resource templates and prompts need from callers, and may reach. */
export interface AccessOptions<Input = unknown> {
  /**
   * Scopes that the caller needs: all of a list, `{ allOf, anyOf }`, or a function of the validated arguments that
   * returns one of these. Without scopes any valid token will do.
   */
  scopes?: ScopeRule | ((input: Input) => ScopeRule);
  /** Values of `acr`, one of which the user's sign-in has to have; else the client is asked to step up (RFC 9470). */
  acrValues?: readonly string[];
  /** Milliseconds, whole seconds of them, since the user signed in (`auth_time`), at most; else the client is asked to have it done again (RFC 9470). */
  maxAgeMs?: number;
  /** Whether a token that stands for no user will do. Defaults to `access.appOnly` of the module's options. */
  appOnly?: 'allow' | 'deny';
  /** The downstream, or downstreams, that the method may call through `DownstreamClient`. It reaches no other. */
  downstream?: DownstreamName | readonly DownstreamName[];
  /**
   * When the downstreams' tokens are got: `'eager'`, before the call, so that a sign-in, a consent or a scope that is
   * missing is asked for over HTTP; or `'lazy'`, when the method first calls. Defaults to `'eager'`.
   */
  exchange?: 'eager' | 'lazy';
  /** Name, or names, of the servers that offer it: `server.name` of the module's options. Defaults to all of them. */
  server?: ServerName | readonly ServerName[];
  /** Milliseconds after which the call is given up: its `signal` is aborted. Defaults to `calls.timeoutMs` of the module's options. */
  timeoutMs?: number;
}
