import { readFile, writeFile } from 'node:fs/promises';
import { expect } from '@jest/globals';
import { decodeJwt } from 'jose';
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
  const fields = Object.entries({ ...body, ...lifetimeOf(body) });
  const answer = { status, body: Object.fromEntries(fields.map(withoutVolatile)) };
  if (process.env.RECORD === undefined) {
    expect(answer).toEqual(await recordedAnswer(name));
    return;
  }
  const { answers } = await recording();
  const all = Object.entries({ ...answers, [name]: answer }).sort(([a], [b]) => (a < b ? -1 : 1));
  const next: Recording = { keycloak: process.env.KEYCLOAK_VERSION ?? '', answers: Object.fromEntries(all) };
  await writeFile(FILE, `${JSON.stringify(next, null, 2)}\n`);
}

/**
 * `expires_in` as it is in the second in which the token is made. Keycloak counts from the second in which it answers,
 * and that may be a later one.
 */
function lifetimeOf({ access_token: token, expires_in: left }: Answer['body']): { readonly expires_in?: number } {
  if (left === undefined) return {};
  const { iat = NaN, exp = NaN } = decodeJwt(String(token));
  const answered = exp - Number(left);
  expect(answered).toBeGreaterThanOrEqual(iat);
  expect(answered).toBeLessThanOrEqual(Date.now() / 1000);
  return { expires_in: exp - iat };
}

function withoutVolatile([name, value]: [string, unknown]): [string, unknown] {
  return [name, VOLATILE.includes(name) ? '…' : value];
}

async function recording(): Promise<Recording> {
  return JSON.parse(await readFile(FILE, 'utf8')) as Recording;
}
