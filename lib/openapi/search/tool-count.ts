import { cleanText } from '../../log/clean-text.js';
import type { OperationIdentity } from '../operations/api-operation.js';

/** How many tools the documents of a server become where no class says otherwise. */
const MAX_TOOLS = 60;

/** Groups of operations that a message names. */
const MAX_GROUPS = 8;

/** Characters of the name of a group. */
const MAX_GROUP_LENGTH = 100;

/** What a class offers as tools. */
export interface OfferedTools {
  /** Name of the class. */
  readonly name: string;
  /** As the class says. */
  readonly maxTools: number | undefined;
  readonly operations: readonly OperationIdentity[];
}

/**
 * Looks whether the classes of a server offer more tools than they may.
 *
 * @returns what is wrong, if anything, and the ways to choose
 */
export function findTooManyTools(classes: readonly OfferedTools[]): readonly string[] {
  const stated = classes.flatMap(({ maxTools }) => maxTools ?? []);
  const most = stated.length > 0 ? Math.max(...stated) : MAX_TOOLS;
  const operations = classes.flatMap((one) => one.operations);
  if (operations.length <= most) return [];
  const offering = classes.filter((one) => one.operations.length > 0);
  const counts = offering.map((one) => `${one.name} ${one.operations.length}`).join(', ');
  return [
    `\`maxTools\` of @McpOpenApi is ${most}, but ${operations.length} operations would be tools: ${counts}. ` +
      `Choose with \`include\` and \`exclude\`, for example by ${describeGroups(operations)}; ` +
      "or let models search them with `offer: 'search'`; or raise `maxTools`.",
  ];
}

/** Names the largest groups, by what an option can choose: tags, else the beginnings of paths. */
function describeGroups(operations: readonly OperationIdentity[]): string {
  const isTagged = operations.some(({ tags }) => tags.length > 0);
  const counts = new Map<string, number>();
  for (const { tags, path } of operations) {
    const groups = isTagged ? tags : [path.replace(/^(\/[^/]*).*/s, '$1/**')];
    for (const group of new Set(groups)) counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
  const named = sorted
    .slice(0, MAX_GROUPS)
    .map(([group, count]) => `"${cleanText(group, MAX_GROUP_LENGTH)}" (${count})`);
  const others = sorted.length - named.length;
  return `${isTagged ? 'tag' : 'path'}: ${named.join(', ')}${others > 0 ? `, and ${others} more` : ''}`;
}
