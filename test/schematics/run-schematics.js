/** Runs schematics outside of jest, which cannot `require` an ES module, as the CLI of Nest does. Reads runs of stdin. */
import { HostTree } from '@angular-devkit/schematics';
import { SchematicTestRunner } from '@angular-devkit/schematics/testing/index.js';
import { text } from 'node:stream/consumers';
import process from 'node:process';

const results = [];
for (const { files, steps } of JSON.parse(await text(process.stdin))) results.push(await run(files, steps));
process.stdout.write(JSON.stringify(results));

async function run(files, steps) {
  let tree = new HostTree();
  for (const [path, content] of Object.entries(files)) tree.create(path, content);
  const messages = [];
  const tasks = [];
  try {
    for (const { schematic, options } of steps) {
      const runner = new SchematicTestRunner('nestjs-mcp-auth', 'dist/schematics/collection.json');
      runner.logger.subscribe(({ message }) => messages.push(message));
      tree = await runner.runSchematic(schematic, options, tree);
      tasks.push(...runner.tasks.map(({ name }) => name));
    }
  } catch (error) {
    return { error: error.message, messages, tasks, files: {} };
  }
  const written = tree.files.map((path) => [path.slice(1), tree.readContent(path)]);
  return { messages, tasks, files: Object.fromEntries(written) };
}
