import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { NodeRelease } from './node-releases.js';

/** Starts a script of this folder in a process of its own. @returns it, and the first thing that it says */
export async function startProcess<Answer>(
  script: string,
  args: readonly string[],
  { path: execPath }: NodeRelease,
): Promise<{ readonly child: ChildProcess; readonly answer: Answer }> {
  // The sources run as they are, too.
  const extension = import.meta.url.slice(-'.js'.length);
  const child = fork(new URL(`./${script}${extension}`, import.meta.url), args, {
    execPath,
    execArgv: [...process.execArgv, '--expose-gc'],
  });
  const exit = once(child, 'exit').then(() => Promise.reject(new Error(`${script} ${args.join(' ')} has ended`)));
  exit.catch(() => undefined);
  const [answer] = (await Promise.race([once(child, 'message'), exit])) as [Answer];
  return { child, answer };
}

/** Has a script of this folder measure something in a process of its own. */
export async function askProcess<Answer>(script: string, args: readonly string[], node: NodeRelease): Promise<Answer> {
  const { child, answer } = await startProcess<Answer>(script, args, node);
  child.kill();
  return answer;
}
