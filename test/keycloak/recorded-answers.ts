import { readFile, writeFile } from 'node:fs/promises';
import { expect } from '@jest/globals';
import type { Answer } from './realm.js';

const FILE = new URL('answers.json', import.meta.url);

/** What differs each time. */
const VOLATILE = ['access_token', 'refresh_token', 'session_state'];

interface Recording {
  /** The release that answered so. */
  readonly keycloak: string;
  readonly answers: Readonly<Record<string, Answer>>;
}

/** What Keycloak answered, by what was wrong. */
export async function recordedAnswers(): Promise<Recording['answers']> {
  return (await recording()).answers;
}

/** One of them. */
export async function recordedAnswer(name: string): Promise<Answer> {
  const answer = (await recordedAnswers())[name];
  if (!answer) throw new Error(`Nothing is recorded of "${name}": run RECORD=1 npm run test:keycloak`);
  return answer;
}

/** Keycloak still answers as it was recorded; with RECORD=1, what it answers is recorded. */
export async function expectAsRecorded(name: string, { status, body }: Answer): Promise<void> {
  const answer = { status, body: Object.fromEntries(Object.entries(body).map(withoutVolatile)) };
  if (process.env.RECORD === undefined) {
    const recorded = await recordedAnswer(name);
    const { expires_in: lifetime } = recorded.body;
    if (typeof lifetime !== 'number') {
      expect(answer).toEqual(recorded);
      return;
    }
    // An exchanged token ends with the token that it was exchanged for, and that is older.
    expect(answer.body.expires_in).toBeGreaterThan(0);
    expect(answer.body.expires_in).toBeLessThanOrEqual(lifetime);
    expect(answer).toEqual({ ...recorded, body: { ...recorded.body, expires_in: answer.body.expires_in } });
    return;
  }
  const { answers } = await recording();
  const all = Object.entries({ ...answers, [name]: answer }).sort(([a], [b]) => (a < b ? -1 : 1));
  const next: Recording = { keycloak: process.env.KEYCLOAK_VERSION ?? '', answers: Object.fromEntries(all) };
  await writeFile(FILE, `${JSON.stringify(next, null, 2)}\n`);
}

function withoutVolatile([name, value]: [string, unknown]): [string, unknown] {
  return [name, VOLATILE.includes(name) ? '…' : value];
}

async function recording(): Promise<Recording> {
  return JSON.parse(await readFile(FILE, 'utf8')) as Recording;
}
