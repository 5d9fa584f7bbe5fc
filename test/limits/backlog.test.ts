import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { ListeningStream } from '../../lib/mcp/direct/listening-stream.js';
import { EncodedEvent } from '../../lib/mcp/notifications/encoded-event.js';
import { relay } from '../../lib/mcp/protocol/relayed-response.js';

const piece = new Uint8Array(1_000);

/** A stream that has a piece whenever it is asked, and whether it was cancelled. */
function endless() {
  const state = { produced: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      state.produced += 1;
      controller.enqueue(piece);
    },
    cancel() {
      state.cancelled = true;
    },
  });
  return { state, response: new Response(body, { status: 200, headers: { 'x-name': 'kept' } }) };
}

test('a body that nobody reads ends when too much waits', async () => {
  const { state, response } = endless();
  const limited = relay(response, { maxUnread: 10_000 });
  expect(limited.headers.get('x-name')).toBe('kept');
  while (!state.cancelled) await new Promise((resolve) => setImmediate(resolve));
  expect((await limited.arrayBuffer()).byteLength).toBe(10_000);
  expect(state.produced).toBeLessThanOrEqual(12);
});

test('a body that is read passes whole, however long it is', async () => {
  let left = 100;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setImmediate(resolve));
      if (left > 0) controller.enqueue(piece);
      else controller.close();
      left -= 1;
    },
  });
  expect((await relay(new Response(body), { maxUnread: 10_000 }).arrayBuffer()).byteLength).toBe(100_000);
});

test('a body whose reader goes away is cancelled', async () => {
  const { state, response } = endless();
  await relay(response, { maxUnread: 1_000_000 }).body?.cancel();
  while (!state.cancelled) await new Promise((resolve) => setImmediate(resolve));
  expect(state.cancelled).toBe(true);
});

test('an answer without a body stays as it is', () => {
  const response = new Response(null, { status: 202 });
  expect(relay(response, { maxUnread: 1 })).toBe(response);
});

test('a stream of notifications ends when its client reads so little that too much waits', () => {
  // Nothing of it is sent.
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  let hasEnded = false;
  const stream = new ListeningStream(response, { id: 1, hears: () => true, onOver: () => (hasEnded = true) });
  stream.begin(': listening\n\n');
  const event = new EncodedEvent({ kind: 'resource_updated', uri: 'x'.repeat(10_000) });
  for (let count = 0; count < 20; count += 1) stream.tell(event);
  expect([response.destroyed, hasEnded]).toEqual([false, false]);
  for (let count = 0; count < 20; count += 1) stream.tell(event);
  expect([response.destroyed, hasEnded, stream.isOver]).toEqual([true, true, true]);
});
