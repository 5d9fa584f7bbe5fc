/**
 * Waits for the beginning of a stream, before which the answer can still be another one: for the result, or for what keeps
 * the connection open until then.
 *
 * @returns the response, with all of its stream
 */
export async function begun(response: Response): Promise<Response> {
  const reader = response.body?.getReader();
  if (!reader) return response;
  const first = await reader.read();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (first.done) controller.close();
      else controller.enqueue(first.value);
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      await reader.cancel(reason);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
