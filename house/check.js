/** Holds `lib/` to the plan, and CONTRIBUTING.md to its drawing. With `--draw` it makes the drawing. */
import { readFile, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { cruise } from 'dependency-cruiser';
import { format, resolveConfig } from 'prettier';
import { drawing } from './drawing.js';
import { backArrows } from './plan.js';
import { rooms, ruleSet } from './rules.js';

const GUIDE = 'CONTRIBUTING.md';
const DRAWING = /(<!-- drawn by npm run house:draw -->\n)[^]*(<!-- end of the drawing -->)/;

const faults = [];
if (process.argv.includes('--draw')) {
  await writeFile(GUIDE, await drawn());
} else {
  faults.push(...(await faultsInCode()));
  if ((await drawn()) !== (await readFile(GUIDE, 'utf8')))
    faults.push(`The drawing in ${GUIDE} is not that of the plan. Run: npm run house:draw`);
}
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;

async function faultsInCode() {
  const options = { ruleSet, validate: true, tsPreCompilationDeps: true, includeOnly: '^lib/' };
  const { output } = await cruise(['lib'], options);
  const { modules, summary } = output;
  const arrows = modules.flatMap(({ source, dependencies }) => dependencies.map(({ resolved }) => [source, resolved]));
  const isUsed = (from, to) => arrows.some(([source, target]) => source.match(from) && target.match(to));
  return [
    ...summary.violations.map(({ rule, from, to, cycle }) => {
      const way = cycle ? cycle.map(({ name }) => name).join(' → ') : to;
      return `${rule.name}: ${from} → ${way}`;
    }),
    ...rooms
      .filter(({ path }) => !modules.some(({ source }) => source.match(path)))
      .map(({ wing, name }) => `The plan has the room ${wing}/${name}, which is empty. Take it out of house/plan.js`),
    ...rooms.flatMap(({ wing, name, path, siblingPaths }) =>
      siblingPaths
        .filter((to) => !isUsed(path, to))
        .map(
          (to) => `The plan allows ${wing}/${name} to import ${to}, which it does not. Take it out of house/plan.js`,
        ),
    ),
    ...backArrows.flatMap(({ from, to }) =>
      to
        .filter((one) => !isUsed(`^${from}`, `^${one}`))
        .map(
          (one) => `The plan has an arrow back from ${from} to ${one}, which is not used. Take it out of house/plan.js`,
        ),
    ),
  ];
}

/** The guide with the drawing of the plan in it. */
async function drawn() {
  const text = await readFile(GUIDE, 'utf8');
  if (!DRAWING.test(text)) throw new Error(`${GUIDE} has lost the marks between which the drawing stands`);
  const replaced = text.replace(DRAWING, (_all, before, after) => `${before}\n${drawing()}\n\n${after}`);
  return await format(replaced, { ...(await resolveConfig(GUIDE)), parser: 'markdown' });
}
