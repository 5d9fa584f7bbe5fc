import { readEndpointAnswer } from '../../resource-server/issuers/endpoint-answer.js';
import { standardizeMembers } from '../token-endpoint/standard-members.js';
import { isErrorInDisguise } from '../token-endpoint/token-endpoint-answer.js';

/** Headers of an answer that mean something to its reader. */
const HEADERS = ['retry-after', 'www-authenticate'];

/**
 * Converts a token endpoint's answer to the form of RFC 6749 sections 5.1 and 5.2. Some servers answer 200 for an error
 * (GitHub), 201 for a token, with another media type, or with members without a value.
 */
export async function standardizeAnswer(response: Response): Promise<Response> {
  const { status, members, headers } = await readEndpointAnswer(response.clone());
  if (!members) return response;
  const isSuccess = status >= 200 && status < 300;
  const standardStatus = isSuccess ? (isErrorInDisguise(members) ? 400 : 200) : status;
  const kept = HEADERS.flatMap((name): [string, string][] => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  return Response.json(standardizeMembers(members, headers), { status: standardStatus, headers: kept });
}
