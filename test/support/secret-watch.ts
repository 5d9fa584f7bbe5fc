import type { IncomingMessage, ServerResponse } from 'node:http';

/** The first characters of each secret: whoever cuts one short has told it all the same. */
const secrets = new Set<string>();
const said = new Map<string, string>();

const LENGTH = 20;

/**
 * Takes note of a token, or of another secret. A JWT is known by its signature, because its other parts are much the same
 * in all; what is too short or too plain to be a secret is none.
 */
export function keepSecret(token: string): void {
  const start = (token.split('.').at(-1) ?? '').slice(0, LENGTH);
  if (start.length === LENGTH && new Set(start).size > LENGTH / 2) secrets.add(start);
}

/** Takes note of what is said where others can hear it. */
export function overhear(where: string, ...what: unknown[]): void {
  for (const one of what) {
    const text = one instanceof Error ? `${one.stack ?? one.message} ${String(one.cause)}` : textOf(one);
    said.set(text, where);
  }
}

/** Where secrets were said, and how each begins. */
export function leaks(): string[] {
  const all = [...said.keys()].join('\n');
  return [...secrets]
    .filter((secret) => all.includes(secret))
    .flatMap((secret) => [...said].filter(([text]) => text.includes(secret)).map(([, where]) => `${where}: ${secret}`));
}

/** Begins anew. */
export function forgetSecrets(): void {
  secrets.clear();
  said.clear();
}

/** Takes note of the tokens that a request brings, and of all that is answered. */
export function watch(request: IncomingMessage, response: ServerResponse): void {
  const { authorization, dpop } = request.headersDistinct;
  for (const value of [...(authorization ?? []), ...(dpop ?? [])]) keepSecret(value.replace(/^\w+ +/, ''));
  let body = '';
  for (const method of ['write', 'end'] as const) {
    const send = Reflect.get(response, method) as Method;
    Reflect.set(response, method, (...parts: unknown[]) => {
      const [chunk] = parts;
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) body += Buffer.from(chunk as string).toString();
      return send.apply(response, parts);
    });
  }
  response.on('close', () => {
    overhear('answer', body, response.getHeaders());
  });
}

type Method = (...parts: unknown[]) => unknown;

function textOf(what: unknown): string {
  if (typeof what === 'string') return what;
  // What JSON has no words for.
  if (what === undefined || typeof what === 'function') return typeof what;
  return JSON.stringify(what, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}
