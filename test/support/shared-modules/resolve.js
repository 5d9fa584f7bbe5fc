import { URL } from 'node:url';

/** The folder whose modules are loaded anew for each file of tests. */
const TESTS = new URL('../../', import.meta.url).href;
const GLOBALS = new URL('./jest-globals.js', import.meta.url).href;

/** Hook of Node's loader: gives tests what jest gives them, and each file of tests its own test modules. */
export async function resolve(specifier, context, nextResolve) {
  if (specifier === '@jest/globals') return { url: GLOBALS, format: 'module', shortCircuit: true };
  const [parent, file] = context.parentURL?.split('?file=') ?? [];
  const resolved = await nextResolve(specifier, { ...context, parentURL: parent });
  const isOwn = file !== undefined && resolved.url.startsWith(TESTS) && resolved.url.endsWith('.ts');
  return isOwn ? { ...resolved, url: `${resolved.url}?file=${file}` } : resolved;
}
