import type { z } from 'zod';

/**
 * Tells a developer what is wrong with an option, and how to mend it.
 *
 * @param within - what the option is of, before its name
 */
export function problemsOf(issue: z.core.$ZodIssue, within = ''): string[] {
  const at = (key?: PropertyKey) => `\`${within}${optionName(key === undefined ? issue.path : [...issue.path, key])}\``;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => `${at(key)} is not an option. Check its spelling, or remove it.`);
    case 'invalid_type':
      return [
        issue.input === undefined
          ? `${at()} is missing. It has to be a value of type ${issue.expected}.`
          : `${at()} is of the wrong type. It has to be a value of type ${issue.expected}.`,
      ];
    case 'invalid_value':
      return [
        `${at()} has to be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}. Change or remove it.`,
      ];
    default:
      return [`${at()} ${issue.message}.`];
  }
}

function optionName(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'options';
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index ? '.' : ''}${String(key)}`))
    .join('');
}
