/** Most bytes of a `Request`'s body that are kept to be sent again. */
const MAX_KEPT = 1024 * 1024;

/** The body of a request, and whether it can be sent more than once. */
export interface RequestBody {
  readonly content: string | Uint8Array | AsyncIterable<Uint8Array> | null;
  readonly isReplayable: boolean;
  /** `Content-Type`, if the request sets none (Fetch standard, extract a body). */
  readonly type?: string | undefined;
}

const NONE: RequestBody = { content: null, isReplayable: true };

/** @param source - as given to `fetch`; a stream is passed on, and can be sent once */
export async function toRequestBody(source: BodyInit | null | undefined): Promise<RequestBody> {
  if (source === null || source === undefined) return NONE;
  if (typeof source === 'string') return { content: source, isReplayable: true, type: 'text/plain;charset=UTF-8' };
  if (source instanceof URLSearchParams) {
    const type = 'application/x-www-form-urlencoded;charset=UTF-8';
    return { content: source.toString(), isReplayable: true, type };
  }
  if (source instanceof ArrayBuffer) return { content: new Uint8Array(source), isReplayable: true };
  if (ArrayBuffer.isView(source)) {
    return { content: new Uint8Array(source.buffer, source.byteOffset, source.byteLength), isReplayable: true };
  }
  if (source instanceof FormData || source instanceof Blob) {
    const encoded = new Response(source);
    const type = encoded.headers.get('content-type') ?? undefined;
    return { content: new Uint8Array(await encoded.arrayBuffer()), isReplayable: true, type };
  }
  return { content: source as AsyncIterable<Uint8Array>, isReplayable: false };
}

/** The body of a `Request`. Its source is unknown, so it is read first, unless it is large. */
export async function keepBody(stream: ReadableStream<Uint8Array> | null): Promise<RequestBody> {
  if (!stream) return NONE;
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size <= MAX_KEPT) {
    const { done, value } = await reader.read();
    if (done) return { content: Buffer.concat(chunks), isReplayable: true };
    chunks.push(value);
    size += value.byteLength;
  }
  return { content: readWhole(chunks, reader), isReplayable: false };
}

/** What was read of a body, followed by the rest. */
async function* readWhole(
  chunks: readonly Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel();
  }
}
