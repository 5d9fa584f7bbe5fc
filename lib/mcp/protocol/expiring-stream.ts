/** `setTimeout` takes no more; a token that is good for longer is looked at again then. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/**
 * Ends the body of a response when a token expires.
 *
 * @param expiresAt - `exp` of the token, in seconds since the epoch
 */
export function endingAt(response: Response, expiresAt: number): Response {
  if (!response.body) return response;
  const reader = response.body.getReader();
  let timer: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const wait = () => {
        const left = expiresAt * 1000 - Date.now();
        if (left > 0) {
          timer = setTimeout(wait, Math.min(left, LONGEST_TIMEOUT)).unref();
          return;
        }
        controller.close();
        void reader.cancel().catch(() => undefined);
      };
      wait();
    },
    async pull(controller) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        clearTimeout(timer);
        throw error;
      });
      // The token may have expired while nothing came.
      if (controller.desiredSize === null || controller.desiredSize === 0) return;
      if (value) controller.enqueue(value);
      if (done) {
        clearTimeout(timer);
        controller.close();
      }
    },
    async cancel(reason) {
      clearTimeout(timer);
      await reader.cancel(reason);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
