import { isJsonObject } from '../../json/json-object.js';

/** Seconds in a year. A longer lifetime is not plausible. */
const MAX_LIFETIME = 366 * 24 * 60 * 60;

/**
 * Converts a token endpoint's answer to the form of RFC 6749 sections 5.1 and 5.2. Some servers answer 200 for an error
 * (GitHub), or send members without a value. An implausible lifetime counts as absent.
 */
export async function standardizeAnswer(response: Response): Promise<Response> {
  const body = response.status === 200 ? await readMembers(response) : undefined;
  if (!body) return response;
  const isError = typeof body.error === 'string' && body.access_token === undefined;
  const members = Object.entries(body).filter(
    ([name, value]) => value !== null && (name !== 'expires_in' || isLifetime(Number(value))),
  );
  return Response.json(Object.fromEntries(members), { status: isError ? 400 : 200 });
}

async function readMembers(response: Response): Promise<Record<string, unknown> | undefined> {
  if (!/^application\/json\b/i.test(response.headers.get('content-type') ?? '')) return undefined;
  try {
    const body: unknown = await response.clone().json();
    return isJsonObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

function isLifetime(seconds: number): boolean {
  return seconds > 0 && seconds <= MAX_LIFETIME;
}
