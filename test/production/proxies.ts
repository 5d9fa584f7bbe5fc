import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { ProxyProcess } from '../support/proxy-process.js';

const SAMPLE = 'sample/production';

/**
 * Nginx with a file of the sample. Its replicas are those of the test. It listens on a socket without TLS, as a test has
 * no certificate.
 */
export async function startNginxOf(file: string, servers: readonly string[]): Promise<ProxyProcess> {
  const text = readFileSync(`${SAMPLE}/nginx/${file}`, 'utf8');
  const [, upstream = '', server = ''] =
    /^upstream mcp-orders \{\n([^]*?)^\}[^]*^server \{\n([^]*)^\}/m.exec(text) ?? [];
  const replicas = withServers(upstream, /server (mcp-\d):3000/g, (address) => `server ${address}`, servers);
  const inside = server
    .replace(/^ *(listen|ssl_\w+) .*\n/gm, '')
    .replaceAll('snippets/proxy.conf', resolve(SAMPLE, 'nginx/proxy.conf'));
  return await ProxyProcess.startNginx(inside, `upstream mcp-orders {\n${replicas}}`);
}

/** HAProxy with the file of the sample, with or without its lines for a prefix. */
export async function startHaproxyOf(servers: readonly string[], isStripped: boolean): Promise<ProxyProcess> {
  let text = readFileSync(`${SAMPLE}/haproxy/haproxy.cfg`, 'utf8');
  if (isStripped)
    text = text.replace(/^ *http-request deny .* \/mcp \}.*\n/m, '').replace(/^( *)# (http-request .*)$/gm, '$1$2');
  const replicas = withServers(text, /(mcp-\d):3000/g, (address) => address, servers);
  return await ProxyProcess.startWith('haproxy', (socket) => replicas.replace(/^ *bind .*$/m, `  bind unix@${socket}`));
}

interface EnvoyConfiguration {
  admin?: unknown;
  static_resources: {
    listeners: { address: unknown; filter_chains: { transport_socket?: unknown }[] }[];
    clusters: unknown[];
  };
}

/** Envoy with a file of the sample. */
export async function startEnvoyOf(file: string, servers: readonly string[]): Promise<ProxyProcess> {
  const text = readFileSync(`${SAMPLE}/envoy/${file}`, 'utf8');
  const address = (server: string) => {
    const { hostname, port } = new URL(`http://${server}`);
    return `address: ${hostname}, port_value: ${port}`;
  };
  const replicas = withServers(text, /address: mcp-(\d), port_value: 3000/g, address, servers);
  const configuration = parse(replicas) as EnvoyConfiguration;
  delete configuration.admin;
  const [listener] = configuration.static_resources.listeners;
  return await ProxyProcess.startWith('envoy', (path) => {
    if (listener) {
      listener.address = { pipe: { path } };
      for (const chain of listener.filter_chains) delete chain.transport_socket;
    }
    return stringify(configuration);
  });
}

/** Puts the addresses of the test's servers in place of those of the file. */
function withServers(
  text: string,
  pattern: RegExp,
  write: (server: string) => string,
  servers: readonly string[],
): string {
  let count = 0;
  const replaced = text.replace(pattern, () => write(servers[count++ % servers.length] ?? ''));
  if (count < 2) throw new Error(`The file names ${count} replicas`);
  return replaced;
}
