import { backArrows, wings } from './plan.js';

/** Every room, with where it is and which paths it may import from. From top to bottom. */
export const rooms = Object.entries(wings).flatMap(([wing, { folder, rooms: own }], position, all) => {
  const below = all.slice(position + 1).flatMap(([, other]) => listPaths(other));
  return Object.entries(own).map(([name, { holds, imports = [] }], index, siblings) => {
    const lower = siblings.slice(index + 1).map(([sibling]) => sibling);
    const upward = imports.find((sibling) => !lower.includes(sibling));
    if (upward !== undefined) throw new Error(`${wing}/${name} imports ${upward}, which is not below it in the plan`);
    const path = pathOf(folder, name);
    const siblingPaths = imports.map((sibling) => pathOf(folder, sibling));
    return { wing, name, holds, path, siblingPaths, allowed: [path, ...siblingPaths, ...below] };
  });
});

const TYPES = ['type-only', 'type-import'];

/** The plan as rules of dependency-cruiser. */
export const ruleSet = {
  forbidden: [
    {
      name: 'a circle of files',
      severity: 'error',
      from: { path: '^lib/' },
      to: { circular: true },
    },
    {
      name: 'a file in no room of the plan',
      severity: 'error',
      from: { path: '^lib/', pathNot: rooms.map(({ path }) => path) },
      to: {},
    },
    ...rooms.flatMap(({ wing, name, path, allowed }) => {
      const exceptions = backArrows.filter(({ from }) => new RegExp(path).test(from));
      const rule = `an import that the plan does not allow ${name === '.' ? 'lib' : `${wing}/${name}`}`;
      return [
        {
          name: rule,
          severity: 'error',
          from: { path, pathNot: exceptions.map(({ from }) => `^${from}`) },
          to: { path: '^lib/', pathNot: allowed },
        },
        ...exceptions.flatMap(({ from, to }) => {
          const back = to.map((one) => `^${one}`);
          return [
            {
              name: rule,
              severity: 'error',
              from: { path: `^${from}` },
              to: { path: '^lib/', pathNot: [...allowed, ...back] },
            },
            {
              name: `${rule} but for types`,
              severity: 'error',
              from: { path: `^${from}` },
              to: { path: back, pathNot: allowed, dependencyTypesNot: TYPES },
            },
          ];
        }),
      ];
    }),
  ],
};

function listPaths({ folder, rooms: own }) {
  return Object.keys(own).map((name) => pathOf(folder, name));
}

/** As a regular expression, which is how dependency-cruiser takes paths. */
function pathOf(folder, room) {
  return room === '.' ? '^lib/[^/]+$' : `^${['lib', folder, room].filter(Boolean).join('/')}/`;
}
