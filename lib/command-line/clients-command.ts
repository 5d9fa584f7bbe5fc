import { parseArgs } from 'node:util';
import { resolveOptions } from '../configuration/resolve-options.js';
import { readOptions } from '../doctor/configuration-file.js';
import { report } from '../doctor/report.js';
import { visitServer } from '../doctor/server-examination.js';
import { cleanText } from '../log/clean-text.js';
import { knownClients } from '../mcp-clients/known-clients.js';
import type { AddedServer, AuthorizationServerEndpoints, McpClient } from '../mcp-clients/mcp-client.js';
import { findUrlProblem } from '../options/option-rules.js';
import { discoverMetadata } from '../resource-server/issuers/issuer-metadata.js';
import { EXIT, UsageError, type CommandOutput } from './command-output.js';
import { importModule } from './exported-documents.js';

/**
 * `nestjs-mcp-auth clients`: what users put into their clients, and what operators enter at the authorization server.
 *
 * @returns the exit code
 * @throws {@link UsageError} if the arguments are others
 */
export async function runClients(args: readonly string[], { stdout, stderr }: CommandOutput): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      client: { type: 'string', multiple: true },
      'client-id': { type: 'string' },
      name: { type: 'string' },
      offline: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
  const [url, ...rest] = positionals;
  const { config, client: ids = [], 'client-id': clientId, name, offline = false, json = false } = values;
  if (rest.length > 0 || (url === undefined) === (config === undefined)) throw new UsageError();
  if (name !== undefined && toName(name) !== name)
    throw new UsageError('--name takes letters, digits, "-" and "_", which all clients accept');
  const clients = selectClients(ids);
  const known = url === undefined ? await readConfiguration(config ?? '') : await askServer(url, offline);
  if ('problems' in known) {
    stderr.write(
      `${known.problems}\nClients cannot use this server yet. --offline prints what they need all the same.\n`,
    );
    return EXIT.found;
  }
  const server: AddedServer = { ...known, name: name ?? toName(known.name), clientId };
  const described = clients.map((one) => describeClient(one, server));
  stdout.write(
    json ? `${JSON.stringify({ server, clients: described }, undefined, 2)}\n` : described.map(formatClient).join('\n'),
  );
  return EXIT.ok;
}

function selectClients(ids: readonly string[]): readonly McpClient[] {
  const unknown = ids.find((id) => knownClients.every((one) => one.id !== id));
  if (unknown !== undefined) {
    const all = knownClients.map(({ id }) => id).join(', ');
    throw new UsageError(`--client: "${unknown}" is not known. Use one of: ${all}`);
  }
  return ids.length === 0 ? knownClients : knownClients.filter(({ id }) => ids.includes(id));
}

async function readConfiguration(path: string): Promise<AddedServer> {
  const options = await readOptions(await importModule(path));
  if (!options) throw new Error('The module exports no options. Export them as `options`, or by default');
  const { resource, server, initialScopes } = resolveOptions(options);
  return { name: server.title ?? server.name, url: resource, scopes: initialScopes };
}

async function askServer(url: string, isOffline: boolean): Promise<AddedServer | { readonly problems: string }> {
  const problem = findUrlProblem(url);
  // It may be invalid because of a password in it, so it is not repeated.
  if (problem !== undefined) throw new UsageError(`The URL of the server ${problem}`);
  const { hostname } = new URL(url);
  if (isOffline) return { name: hostname, url };
  const { findings, document } = await visitServer(url);
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0 || !document) return { problems: report(errors) };
  const { name = hostname, scopes, authorizationServers } = document;
  return { name, url, scopes, authorizationServer: await findEndpoints(authorizationServers[0]) };
}

async function findEndpoints(issuer: string | undefined): Promise<AuthorizationServerEndpoints | undefined> {
  if (issuer === undefined) return undefined;
  const { authorization_endpoint: authorization = '', token_endpoint: token = '' } = await discoverMetadata(issuer, {
    needed: ['authorization_endpoint', 'token_endpoint'],
  });
  return { authorization, token };
}

/** What all clients accept as the name of a server. */
function toName(text: string): string {
  const name = text.replaceAll(/[^\w-]+/g, '-').replaceAll(/^-+|-+$/g, '');
  return name === '' ? 'server' : name;
}

type DescribedClient = Omit<McpClient, 'steps'> & { readonly steps: ReturnType<McpClient['steps']> };

function describeClient({ steps, page, ...client }: McpClient, server: AddedServer): DescribedClient {
  return { ...client, page: `docs/clients/${page}`, steps: steps(server) };
}

function formatClient({ id, title, page, metadataDocument, redirectUris, steps }: DescribedClient): string {
  return [
    `${title} (${id})`,
    ...steps.flatMap(({ place, text }) => [`  ${place}:`, ...indent(text), '']),
    '  Redirect URIs:',
    ...redirectUris.map(({ uri, use, anyPort }) => `    ${uri}  (${use}${anyPort ? ', with any port' : ''})`),
    ...(metadataDocument === undefined ? [] : [`  Client ID metadata document: ${metadataDocument}`]),
    `  More: ${page}`,
    '',
  ].join('\n');
}

function indent(text: string): readonly string[] {
  return text.split('\n').map((line) => `    ${cleanText(line)}`);
}
