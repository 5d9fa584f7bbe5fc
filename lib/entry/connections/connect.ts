import process from 'node:process';
import type { INestApplicationContext } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { InMemoryTransport, type Transport } from '@modelcontextprotocol/server';
import { selectServer } from '../../servers/application-servers.js';
import { McpConnections } from './mcp-connections.js';
import type { TokenSource } from './token-source.js';

/** The server of the application to connect to, and the user of the connection. */
export interface ConnectionOptions {
  /** `server.name` of the module's options, if there are several servers. */
  server?: string;
  /**
   * Access token of the user of the connection, or a function that returns a fresh one for each message. It is
   * verified as over HTTP. For {@link connectStdio} it defaults to the environment variable `MCP_ACCESS_TOKEN`.
   */
  token?: TokenSource;
}

/** A connection that is being served. */
export interface ServedConnection {
  /** Closes the connection. */
  close(): Promise<void>;
}

/**
 * Serves the client that started this process, over standard input and output (MCP specification, stdio). The
 * credentials come from the environment. Scopes, policies and downstreams work as over HTTP. Nothing else may write
 * to standard output: give the application a logger that writes to standard error.
 *
 * @param app - created with `NestFactory.createApplicationContext()`
 * @param options - `server`: which of several; `token`: stands for the user
 * @throws {@link McpAuthConfigurationError} if the application has no such server, or has several and none is
 *   named
 */
export function connectStdio(app: INestApplicationContext, options: ConnectionOptions = {}): ServedConnection {
  const token = options.token ?? (() => process.env.MCP_ACCESS_TOKEN ?? '');
  return selectServer(app.get(ModulesContainer), McpConnections, options.server, 'connectStdio').serve(
    undefined,
    token,
  );
}

/**
 * Connects a client in this process, for tests and for agents that run in the application.
 *
 * @param app - the application, after `init()`
 * @param options - `server`: which of several; `token`: stands for the user
 * @returns the client's transport, for `client.connect()` of the SDK
 * @throws {@link McpAuthConfigurationError} if the application has no such server, or has several and none is
 *   named
 */
export function connectInMemory(app: INestApplicationContext, { server, token }: ConnectionOptions = {}): Transport {
  const [near, far] = InMemoryTransport.createLinkedPair();
  selectServer(app.get(ModulesContainer), McpConnections, server, 'connectInMemory').serve(far, token);
  return near;
}
