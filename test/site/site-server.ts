import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { base } from '../../docs/.vitepress/site.js';
import { BUILT } from './built-pages.js';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** Serves the built site on a free port, as GitHub Pages does: `guides/nest` is `guides/nest.html`. */
export async function serveSite(): Promise<{ readonly address: string; readonly close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    void answer(request.url ?? '').then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    address: `http://localhost:${(server.address() as AddressInfo).port}${base}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(url: string) {
  const { pathname } = new URL(url, 'http://localhost');
  const path = pathname.startsWith(base) ? decodeURIComponent(pathname.slice(base.length)) : '404.html';
  const file = path === '' || path.endsWith('/') ? `${path}index.html` : path;
  for (const name of [file, `${file}.html`]) {
    const body = await readFile(join(BUILT, name)).catch(() => undefined);
    if (body !== undefined) return { status: 200, type: TYPES[extname(name)] ?? 'text/plain; charset=utf-8', body };
  }
  return { status: 404, type: 'text/html; charset=utf-8', body: await readFile(join(BUILT, '404.html')) };
}
