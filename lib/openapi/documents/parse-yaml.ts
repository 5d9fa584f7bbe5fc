import { Composer, isScalar, Lexer, LineCounter, Parser, visit, type Document, type Scalar } from 'yaml';
import type { ReadBudget } from './document-limits.js';
import { DocumentProblem } from './document-problem.js';

/** Lexemes between two looks at the clock. */
const PAUSE = 10_000;

const OPENING: ReadonlySet<string> = new Set(['[', '{']);
const CLOSING: ReadonlySet<string> = new Set([']', '}']);
/** What begins a level within a line. */
const INDICATORS: ReadonlySet<string> = new Set(['-', '?']);

/**
 * Reads YAML 1.2, with merge keys.
 *
 * @param place - of the file, for messages
 * @throws {@link DocumentProblem} with line and column
 */
export function parseYaml(place: string, text: string, budget: ReadBudget): unknown {
  const lines = new LineCounter();
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${place} (line ${line}, column ${col})`;
  };
  // The composer makes a document of an empty text, too.
  const [document, another] = [...compose(place, text, lines, budget)] as [Document.Parsed, ...Document.Parsed[]];
  if (another)
    throw new DocumentProblem(at(another.range[0]), 'begins a second YAML document. Put it into its own file');
  const [fault] = [...document.errors, ...document.warnings];
  // The parser follows levels by recursion.
  if (fault?.code === 'RESOURCE_EXHAUSTION') throw budget.describe(place, 'maxDepth', 'has too many levels');
  if (fault) throw new DocumentProblem(at(fault.pos[0]), describeFault(fault.code, fault.message));
  refuseDoubledKeys(document, at);
  return toValue(place, document, budget);
}

function* compose(place: string, text: string, lines: LineCounter, budget: ReadBudget): Iterable<Document.Parsed> {
  const parser = new Parser(lines.addNewLine);
  // Looking for keys that are there twice is quadratic in the parser.
  const composer = new Composer({
    schema: 'core',
    merge: true,
    stringKeys: true,
    uniqueKeys: false,
    logLevel: 'silent',
  });
  const tokens = function* () {
    let lexemes = 0;
    let aliases = 0;
    let depth = 0;
    let inLine = 0;
    lines.addNewLine(0);
    for (const lexeme of new Lexer().lex(text)) {
      lexemes += 1;
      if (lexemes % PAUSE === 0) budget.checkTime(place);
      if (lexeme.startsWith('*') || lexeme.startsWith('&')) aliases += 1;
      if (aliases > budget.limits.maxAliases) throw budget.describe(place, 'maxAliases', 'has too many aliases');
      if (OPENING.has(lexeme)) depth += 1;
      else if (CLOSING.has(lexeme)) depth -= 1;
      else if (INDICATORS.has(lexeme)) inLine += 1;
      else if (/^\r?\n/.test(lexeme)) inLine = 0;
      // The parser takes a time that is quadratic in the levels.
      if (depth + inLine > budget.limits.maxDepth) throw budget.describe(place, 'maxDepth', 'has too many levels');
      yield* parser.next(lexeme);
    }
    yield* parser.end();
  };
  yield* composer.compose(tokens(), true) as Iterable<Document.Parsed>;
}

function toValue(place: string, document: Document.Parsed, budget: ReadBudget): unknown {
  try {
    return document.toJS({ maxAliasCount: budget.limits.maxAliases });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    if (error.message.startsWith('Unresolved'))
      throw new DocumentProblem(place, `has an alias to nothing: ${error.message}`);
    throw budget.describe(place, 'maxAliases', 'has aliases of aliases, which mean too many values');
  }
}

function describeFault(code: string, message: string): string {
  return code === 'TAG_RESOLVE_FAILED'
    ? 'has a tag, which OpenAPI documents do not have. Write the value without it'
    : `is neither JSON nor YAML: ${message.replace(/\n.*/s, '')}. Mend it`;
}

/** @throws {@link DocumentProblem} if an object has a key twice: one of the two would be lost */
function refuseDoubledKeys(document: Document.Parsed, at: (offset: number) => string): void {
  visit(document, {
    Map: (_key, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || key.value === '<<') continue;
        if (seen.has(key.value))
          throw new DocumentProblem(
            at((key as Scalar.Parsed).range[0]),
            `has \`${String(key.value)}\` twice in one object. Remove one`,
          );
        seen.add(key.value);
      }
    },
  });
}
