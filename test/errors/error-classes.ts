import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A class of errors as the sources have it. */
export interface ErrorClass {
  readonly name: string;
  readonly base: string;
  readonly file: string;
  /** Those of its kinds are theirs alone. */
  readonly codes: readonly string[];
}

const files = readdirSync('lib', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join('lib', file));

/** Type aliases of `lib/errors/error-codes.ts`: the members of each union, and the unions in it. */
const unions = new Map(
  [
    ...readFileSync('lib/errors/error-codes.ts', 'utf8')
      .replaceAll(/\/\*\*.*?\*\//g, '')
      .matchAll(/^export type (\w+) =([^;]*);/gm),
  ].map(([, name = '', members = '']) => [name, members.match(/\w+/g) ?? []]),
);

/** Every code of a union. */
export function codesOf(union: string): readonly string[] {
  return (unions.get(union) ?? []).flatMap((member) => (unions.has(member) ? codesOf(member) : [member]));
}

const CLASS = /^(?:export )?(?:abstract )?class (\w+) extends (\w+) \{$(.*?)^\}$/gms;

const found = files.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(CLASS)].map(([, name = '', base = '', body = '']) => {
    const [, code, union = ''] = /readonly code(?: = '(\w+)'|: (\w+))/.exec(body) ?? [];
    return { name, base, file, codes: code === undefined ? codesOf(union) : [code] };
  }),
);

const kindsOf = (base: string): typeof found =>
  found.filter((one) => one.base === base).flatMap((one) => [one, ...kindsOf(one.name)]);

/** Every class of errors in `lib` but the base of all, and but kinds that keep the codes of their class. */
const withCodes = kindsOf('McpAuthError').filter(({ base, codes }) => base === 'McpAuthError' || codes.length > 0);

export const errorClasses: readonly ErrorClass[] = withCodes.map((one) => {
  const ofKinds = new Set(kindsOf(one.name).flatMap(({ codes }) => codes));
  return { ...one, codes: one.codes.filter((code) => !ofKinds.has(code)) };
});
