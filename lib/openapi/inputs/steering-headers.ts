import type { ApiParameter } from '../operations/api-operation.js';

/** Headers that are not for a model to write: they say who calls, where to, by which way, and in which form. */
const STEERING: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'dpop',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'origin',
  'proxy-authorization',
  'proxy-connection',
  'referer',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'via',
]);

/** Whether a parameter is a header that steers, so that it cannot be an argument (OpenAPI 3.1, Parameter Object, `name`). */
export function isSteeringHeader({ in: place, name }: Pick<ApiParameter, 'in' | 'name'>): boolean {
  return place === 'header' && STEERING.has(name.toLowerCase());
}
