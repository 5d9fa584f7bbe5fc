import { escapeUnseen } from '../log/clean-text.js';

/** Characters of a line of a comment. */
const WIDTH = 110;

/** Writes a text as a literal of a string. Whatever a stranger wrote stays within the quotes. */
export function quote(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${escapeUnseen(escaped)}'`;
}

/** Writes a text as a documentation comment. It cannot end the comment, and says no tags. */
export function comment(text: string, indent: string): string {
  const words = escapeUnseen(text.replace(/\s+/g, ' ').trim())
    .replaceAll('*/', '*\\/')
    .replace(/(^|[\s{(])@(?=\w)/g, '$1\\@')
    .split(' ');
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  const [only = '', ...others] = lines;
  if (others.length === 0) return only === '' ? '' : `${indent}/** ${only} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;
}

/** Writes the key of a member. */
export function writeKey(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key);
}
