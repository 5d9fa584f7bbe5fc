/** Writes what the conformance suite sends, for `test/surface/recorded-messages.test.ts`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import prettier from 'prettier';
import { DirectServing } from '../../lib/mcp/protocol/direct-serving.js';
import { startAuthorizedServer } from './conformance-server.js';
import { ConformanceSuite } from './suite.js';

/** Headers that say something of the message. */
const HEADERS = /^(content-type|accept|mcp-.*)$/;

const messages: { readonly headers: object; readonly body: unknown }[] = [];
const answer = Reflect.get(DirectServing.prototype, 'answer') as DirectServing['answer'];
Reflect.set(DirectServing.prototype, 'answer', function (this: DirectServing, ...args: Parameters<typeof answer>) {
  const [{ body }, { incoming }] = args;
  const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => HEADERS.test(name)));
  messages.push({ headers, body: structuredClone(body) });
  return answer.apply(this, args);
});

const suite = await ConformanceSuite.install();
for (const revision of ['2025-11-25', '2026-07-28']) {
  const server = await startAuthorizedServer();
  const expected = fileURLToPath(new URL(`expected-failures/${revision}.yml`, import.meta.url));
  await suite.run(server.url, revision, expected);
  await server.close();
}
await suite.remove();
const file = fileURLToPath(new URL('recorded-messages.json', import.meta.url));
writeFileSync(file, await prettier.format(JSON.stringify(messages), { parser: 'json', printWidth: 120 }));
console.log(`${messages.length} messages`);
process.exit();
