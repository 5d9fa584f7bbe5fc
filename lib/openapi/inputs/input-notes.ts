import type { OperationInput } from './operation-input.js';

/** Names and places that a line lists. */
const TOLD = 10;

/** A tool with its arguments. */
interface NamedInput {
  readonly name: string;
  readonly input: OperationInput;
}

/** Tells the operator what arguments leave out, in one line for each kind. */
export function describeLeftOut(tools: readonly NamedInput[]): readonly string[] {
  const reduced = tools.filter(({ input }) => input.isReduced).map(({ name }) => name);
  const steering = [...new Set(tools.flatMap(({ input }) => input.leftOut))];
  const dropped = tools.flatMap(({ input }) => input.dropped.map(({ place, keyword }) => `\`${keyword}\` at ${place}`));
  return [
    ...(reduced.length > 0
      ? [
          `Tools whose arguments are described in part, because of \`maxToolSize\`: ${list(reduced)}. They take whatever the API takes.`,
        ]
      : []),
    ...(steering.length > 0
      ? [
          `Headers that steer proxies are no arguments: ${list(steering)}. \`http.letToolsSteerProxies\` of the downstream can allow them.`,
        ]
      : []),
    ...(dropped.length > 0
      ? [`Keywords of schemas that are not valid, and are left out: ${list([...new Set(dropped)])}.`]
      : []),
  ];
}

function list(names: readonly string[]): string {
  const rest = names.length - TOLD;
  return names.slice(0, TOLD).join(', ') + (rest > 0 ? `, and ${rest} more` : '');
}
