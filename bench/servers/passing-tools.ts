import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { DownstreamClient, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { makePieces } from './large-body.js';

/** How often it is looked at what is in use while a body passes. */
const LOOKS = 10;

/** Which body is large: the answer of the API, or that of the request. */
export const WAYS = ['answer', 'request'] as const;

export type Way = (typeof WAYS)[number];

const input = z.object({ bytes: z.number(), way: z.enum(WAYS) });

/** A tool through which large bodies pass. */
@Injectable()
export class PassingTools {
  constructor(private readonly downstream: DownstreamClient) {}

  /** Returns the most bytes that were in use meanwhile: objects and buffers, besides those of before. */
  @McpTool({ description: 'Pass a body', input, downstream: 'api-0' })
  async passBody({ bytes, way }: z.infer<typeof input>): Promise<number> {
    const before = countBytesInUse();
    let [passed, next, most] = [0, 0, 0];
    const watch = (piece: Uint8Array) => {
      passed += piece.byteLength;
      if (passed < next) return;
      next = passed + bytes / LOOKS;
      most = Math.max(most, countBytesInUse() - before);
    };
    if (way === 'answer') {
      const { body } = await this.downstream.fetch(`/large?bytes=${bytes}`);
      for await (const piece of body as unknown as AsyncIterable<Uint8Array>) watch(piece);
    } else {
      const body = Readable.from(makePieces(bytes, watch)) as unknown as BodyInit;
      await this.downstream.json('/large', { method: 'POST', body });
    }
    if (passed < bytes) throw new Error(`${passed} bytes of ${bytes} have passed`);
    return most;
  }
}

function countBytesInUse(): number {
  // What buffers held is given back by the next collection.
  for (let time = 0; time < 3; time += 1) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
