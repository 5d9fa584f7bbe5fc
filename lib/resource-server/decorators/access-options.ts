import type { Type } from '@nestjs/common';
import type { StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import type { ScopeRule } from '../access/scope-rule.js';
import type { DownstreamName, ServerName } from '../../options/register.js';

/** A Standard Schema that can also be written as JSON Schema, such as a schema of zod 4.2 or later. */
export type ToolSchema = StandardSchemaWithJSON;

/**
 * Validates arguments: a {@link ToolSchema}, or a class with decorators of `class-validator`. With a class, methods get
 * its instances.
 */
export type ArgumentsSchema = ToolSchema | Type<object>;

/** Type of the arguments that a method gets for a schema. */
export type ArgumentsOf<Schema> = Schema extends ToolSchema
  ? StandardSchemaWithJSON.InferOutput<Schema>
  : Schema extends Type<infer Instance>
    ? Instance
    : unknown;

/** What a tool, resource, resource template or prompt requires of its callers, and which downstreams it may call. */
export interface AccessOptions<Input = unknown> {
  /**
   * Scopes that the caller needs: a list, all of which are needed; `{ allOf, anyOf }`; or a function of the validated
   * arguments that returns one of these. Without scopes any valid token is accepted.
   */
  scopes?: ScopeRule | ((input: Input) => ScopeRule);
  /** Accepted values of `acr`. If the user's sign-in has none of them, the client is asked to step up (RFC 9470). */
  acrValues?: readonly string[];
  /**
   * Maximum milliseconds since the user signed in (`auth_time`), in whole seconds. After that the client is asked to
   * have the user sign in again (RFC 9470).
   */
  maxAgeMs?: number;
  /** Whether a token that stands for no user is accepted. Defaults to `access.appOnly` of the module's options. */
  appOnly?: 'allow' | 'deny';
  /** The downstream, or downstreams, that the method may call through `DownstreamClient`. All others are refused. */
  downstream?: DownstreamName | readonly DownstreamName[];
  /**
   * When tokens for the downstreams are obtained. `'eager'`: before the call, so that a missing sign-in, consent or
   * scope is asked for over HTTP. `'lazy'`: when the method first calls the downstream. Defaults to `'eager'`.
   */
  exchange?: 'eager' | 'lazy';
  /** Name, or names, of the servers that offer it: `server.name` of the module's options. Defaults to all of them. */
  server?: ServerName | readonly ServerName[];
  /** Milliseconds after which the call is given up: its `signal` is aborted. Defaults to `calls.timeoutMs` of the module's options. */
  timeoutMs?: number;
}
