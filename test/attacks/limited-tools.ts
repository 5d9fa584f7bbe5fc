import { Injectable } from '@nestjs/common';
import { Throttle } from '@nestjs/throttler';
import { Anonymous, McpResource, McpTool } from 'nestjs-mcp-auth';
import { post } from '../support/mcp-request.js';

/** Milliseconds. */
export const MINUTE = 60_000;

/** What may be asked as often as its decorator says in a minute. */
@Injectable()
export class LimitedTools {
  @McpTool({ description: 'x' })
  plain() {
    return 'done';
  }
  @Throttle({ default: { limit: 2, ttl: MINUTE } })
  @McpTool({ description: 'x' })
  few() {
    return 'done';
  }
  @Throttle({ default: { limit: 1, ttl: MINUTE } })
  @Anonymous()
  @McpTool({ description: 'x' })
  open() {
    return 'done';
  }
  @Throttle({ default: { limit: 1, ttl: MINUTE } })
  @McpResource({ uri: 'orders://one', description: 'x' })
  one() {
    return 'done';
  }
}

/** Statuses of as many requests, one after the other. Several URLs get them by turns. */
export async function ask(
  urls: string | readonly string[],
  token: string | undefined,
  body: unknown,
  times: number,
): Promise<number[]> {
  const endpoints = [urls].flat();
  const statuses: number[] = [];
  for (let count = 0; count < times; count += 1) {
    const answer = await post(endpoints[count % endpoints.length] ?? '', body, { token });
    await answer.text();
    statuses.push(answer.status);
  }
  return statuses;
}
