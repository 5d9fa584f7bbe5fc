/**
 * Names of the application that the compiler is to check, by declaration merging:
 *
 * ```ts
 * declare module 'nestjs-mcp-auth' {
 *   interface Register {
 *     downstreams: 'orders' | 'crm';
 *     scopes: 'orders:read' | 'orders:write';
 *     servers: 'public' | 'admin';
 *   }
 * }
 * ```
 *
 * A member that is not declared may be any string.
 */
export interface Register {}

/** Name of a downstream: one of `downstreams` of {@link Register}, or any. */
export type DownstreamName = Register extends { downstreams: infer Name extends string } ? Name : string;

/** A scope: one of `scopes` of {@link Register}, or any. */
export type ScopeName = Register extends { scopes: infer Name extends string } ? Name : string;

/** Name of a server of the application: one of `servers` of {@link Register}, or any. */
export type ServerName = Register extends { servers: infer Name extends string } ? Name : string;
