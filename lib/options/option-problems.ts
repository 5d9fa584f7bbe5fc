import type { z } from 'zod';

/**
 * Describes what is wrong with an option, and how to fix it.
 *
 * @param within - path of the option's parent, as a prefix
 */
export function describeIssue(issue: z.core.$ZodIssue, within = ''): string[] {
  const quotePath = (key?: PropertyKey) =>
    `\`${within}${formatPath(key === undefined ? issue.path : [...issue.path, key])}\``;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => `${quotePath(key)} is not an option. Check its spelling, or remove it.`);
    case 'invalid_type':
      return [
        issue.input === undefined
          ? `${quotePath()} is missing. It has to be a value of type ${issue.expected}.`
          : `${quotePath()} is of the wrong type. It has to be a value of type ${issue.expected}.`,
      ];
    case 'invalid_value':
      return [
        `${quotePath()} has to be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}. Change or remove it.`,
      ];
    default:
      return [`${quotePath()} ${issue.message}.`];
  }
}

function formatPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'options';
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index ? '.' : ''}${String(key)}`))
    .join('');
}
