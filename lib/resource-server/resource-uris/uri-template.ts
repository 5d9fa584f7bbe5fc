/** A variable of a template, and what its value may consist of. */
export interface TemplateVariable {
  readonly name: string;
  /** The characters of its value, as they are in a URI. */
  readonly accepts: (code: number) => boolean;
  /** Whether reserved characters are in the URI as they are (RFC 6570 section 3.2.3). */
  readonly isReserved: boolean;
  /** What is between the members of its value, if it is a list (RFC 6570 section 2.4.2). */
  readonly separator: string | undefined;
}

/** Part of a template: literal text, or a variable. */
export type TemplatePart = string | TemplateVariable;

/** How an operator expands its variables (RFC 6570 appendix A). */
interface Operator {
  readonly first: string;
  readonly separator: string;
  readonly isNamed?: boolean;
  readonly isReserved?: boolean;
}

const OPERATORS: Readonly<Record<string, Operator>> = {
  '': { first: '', separator: ',' },
  '+': { first: '', separator: ',', isReserved: true },
  '#': { first: '#', separator: ',', isReserved: true },
  '.': { first: '.', separator: '.' },
  '/': { first: '/', separator: '/' },
  ';': { first: ';', separator: ';', isNamed: true },
  '?': { first: '?', separator: '&', isNamed: true },
  '&': { first: '&', separator: '&', isNamed: true },
};

const EXPRESSION = /^([+#./;?&]?)([\w%.*,:]+)$/;
const VARIABLE = /^([\w%.]+?)(\*|:\d{1,4})?$/;

/** Characters that end a value, by the separator of the operator. */
const ENDS: Readonly<Record<string, string>> = { ',': '/,?#', '.': '/,?#', '/': '/,?#', ';': ';,/?#', '&': '&#' };

/**
 * Parses a URI template (RFC 6570).
 *
 * @returns literal texts and variables. No two texts follow each other
 * @throws Error with a reason that completes the sentence "the template ..."
 */
export function parseTemplate(template: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  const names = new Set<string>();
  for (const [index, piece] of template.split('{').entries()) {
    const [expression, literal, ...more] = index === 0 ? ['', ...piece.split('}')] : piece.split('}');
    if (literal === undefined || more.length > 0) throw new Error('has a brace without its partner');
    if (index > 0) parts.push(...parseExpression(expression ?? ''));
    if (literal !== '') parts.push(literal);
  }
  for (const part of parts) {
    if (typeof part === 'string') continue;
    if (names.has(part.name)) throw new Error(`has the variable "${part.name}" twice`);
    names.add(part.name);
  }
  return joinLiterals(parts);
}

function parseExpression(expression: string): readonly TemplatePart[] {
  const [, sign, list] = EXPRESSION.exec(expression) ?? [];
  const operator = OPERATORS[sign ?? ''];
  if (list === undefined || !operator)
    throw new Error(`has the expression "{${expression}}", which RFC 6570 does not have`);
  return list.split(',').flatMap((spec, index) => {
    const [, name, modifier] = VARIABLE.exec(spec) ?? [];
    if (name === undefined) throw new Error(`has the expression "{${expression}}", which RFC 6570 does not have`);
    if (modifier?.startsWith(':')) throw new Error(`cuts "${name}" off (${modifier}), so that nobody can read it back`);
    if (modifier === '*' && operator.isNamed)
      throw new Error(`has "${name}" any number of times, which cannot be read back`);
    const before = index === 0 ? operator.first : operator.separator;
    return [`${before}${operator.isNamed ? `${name}=` : ''}`, toVariable(name, operator, modifier === '*')];
  });
}

function toVariable(name: string, { isReserved = false, separator }: Operator, isList: boolean): TemplateVariable {
  const base = { name, isReserved, separator: isList ? separator : undefined };
  if (isReserved) return { ...base, accepts: () => true };
  const ends = new Set(Array.from(ENDS[separator] ?? '', toCode));
  if (isList) ends.delete(toCode(separator));
  return { ...base, accepts: (code) => !ends.has(code) };
}

function toCode(character: string): number {
  return character.charCodeAt(0);
}

/** Joins literal texts that follow each other, and leaves out empty ones. */
export function joinLiterals(parts: readonly TemplatePart[]): readonly TemplatePart[] {
  const joined: TemplatePart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part === 'string' && typeof last === 'string') joined[joined.length - 1] = last + part;
    else if (part !== '') joined.push(part);
  }
  return joined;
}
