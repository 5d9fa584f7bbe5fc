import { backArrows, wings } from './plan.js';

/** The plan for readers: a drawing in Mermaid, and a table of the rooms. */
export function drawing() {
  return `\`\`\`mermaid\n${mermaid().join('\n')}\n\`\`\`\n\n${table().join('\n')}`;
}

function mermaid() {
  const names = Object.keys(wings);
  return [
    'flowchart TB',
    ...Object.entries(wings).flatMap(([wing, { holds, rooms }]) => [
      `  subgraph ${toId(wing)}["${wing}: ${lowerCase(holds)}"]`,
      ...Object.keys(rooms).map((room) => `    ${toId(wing, room)}["${room === '.' ? 'the module' : room}"]`),
      ...Object.entries(rooms).flatMap(([room, { imports = [] }]) =>
        imports.map((other) => `    ${toId(wing, room)} --> ${toId(wing, other)}`),
      ),
      '  end',
    ]),
    ...names.slice(1).map((wing, index) => `  ${toId(names[index])} ==> ${toId(wing)}`),
    ...backArrows.flatMap(({ from, to, reason }) =>
      to.map((path) => `  ${nodeOf(from)} -. "${reason}" .-> ${nodeOf(path)}`),
    ),
  ];
}

function table() {
  return [
    '| Room in `lib/` | What it holds |',
    '| --- | --- |',
    ...Object.values(wings).flatMap(({ folder, rooms }) =>
      Object.entries(rooms).map(
        ([room, { holds }]) =>
          `| \`${room === '.' ? './' : `${[folder, room].filter(Boolean).join('/')}/`}\` | ${holds} |`,
      ),
    ),
  ];
}

/** A room, or a whole wing. */
function nodeOf(path) {
  const [first, second] = path.replace(/^lib\//, '').split('/');
  const wing = wingOf(path);
  const room = wings[wing].folder === '' ? first : second;
  return room === '' ? toId(wing) : toId(wing, room);
}

function wingOf(path) {
  const [, first] = path.split('/');
  return Object.keys(wings).find(
    (wing) => wings[wing].folder === first || (wings[wing].folder === '' && first in wings[wing].rooms),
  );
}

function toId(...names) {
  return names.map((name) => (name === '.' ? 'module' : name.replaceAll('-', '_'))).join('__');
}

/** An abbreviation, such as REST, stays as it is. */
function lowerCase(text) {
  return /^[A-Z]{2}/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
}
