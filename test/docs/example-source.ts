import { readFileSync } from 'node:fs';
import * as nest from '@nestjs/common';
import ts from 'typescript';
import type { Example } from './documents.js';

/** A file that can be compiled, and how many of its lines stand before the example. */
export interface ExampleSource {
  readonly text: string;
  readonly offset: number;
}

/**
 * Makes a file of an example. One with imports stands as it is. Of the others, what they name is imported for them, and
 * what is no module by itself is put where it belongs: properties into an object of options, methods into a class,
 * statements into a method. `…` is what was left out: a body, or other properties.
 */
export function sourceOf(example: Example): ExampleSource {
  const { code, preamble } = example;
  const isWhole = /^import /m.test(code);
  const [before, after] = isWhole ? ['', ''] : enclosing(example);
  const text = isWhole ? code : complete(code);
  const imports = isWhole ? '' : importsFor(`${before}\n${text}`, preamble);
  const head = [imports, preamble, before].filter((part) => part !== '').join('\n');
  return {
    text: `${head}\n${text}${after}\nexport {};\n`,
    offset: head.split('\n').length,
  };
}

function enclosing({ code, of }: Example): readonly [string, string] {
  const first = code.split('\n').find((line) => line.trim() !== '' && !line.trim().startsWith('//')) ?? '';
  if (/^(export|declare|class|interface|type|function) /m.test(code)) return ['', ''];
  if (first.startsWith('@') || /^(async )?\w+\(.*\) \{$/.test(first))
    return ['export class Example extends Surroundings {', '}'];
  if (/^\w+: /.test(first)) return [`export const example: Partial<${of}> = {`, '};'];
  return ['export async function example(this: Surroundings) {', '}'];
}

/** What is left out of an example makes no error. */
function complete(code: string): string {
  return code
    .replaceAll(/\) \{ … \}/g, ') { throw new Error(); }')
    .replaceAll(/\bMcpAuthModule\.forRoot(Async)?\((?=[^]*…)/g, 'Abridged.forRoot$1(')
    .replaceAll('…,', '')
    .replaceAll(/,? …/g, '');
}

const OWN = namesIn('lib/index.ts');
const TAKEN_FOR_GRANTED = namesIn('test/docs/surroundings.ts');

function importsFor(code: string, preamble: string): string {
  const named = new Set(`${code}\n${preamble}`.match(/\b[A-Za-z]\w*\b/g));
  const declared = new Set(
    [...`${code}\n${preamble}`.matchAll(/\b(?:class|interface|type|const|let|function) (\w+)/g)].map(
      ([, name]) => name,
    ),
  );
  const wanted = (name: string) => named.has(name) && !declared.has(name);
  const granted = TAKEN_FOR_GRANTED.filter(wanted);
  const own = OWN.filter((name) => wanted(name) && !granted.includes(name));
  const ofNest = Object.keys(nest).filter((name) => wanted(name) && ![...granted, ...own].includes(name));
  return [
    imported(granted, './surroundings.js'),
    imported(own, 'nestjs-mcp-auth'),
    imported(ofNest, '@nestjs/common'),
    wanted('z') ? imported(['z'], 'zod') : '',
  ].join('');
}

function imported(names: readonly string[], from: string): string {
  return names.length === 0 ? '' : `import { ${names.join(', ')} } from '${from}'; `;
}

/** What a module exports by name. */
function namesIn(file: string): readonly string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause;
      if (clause === undefined) return [];
      return ts.isNamedExports(clause) ? clause.elements.map(({ name }) => name.text) : [clause.name.text];
    }
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.map(({ name }) => (ts.isIdentifier(name) ? name.text : ''));
    return 'name' in statement && statement.name ? [(statement.name as ts.Identifier).text] : [];
  });
}
