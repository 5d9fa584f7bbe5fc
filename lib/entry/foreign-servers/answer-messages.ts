import type { ServerResponse } from 'node:http';
import { Transform, type TransformCallback } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import onHeaders from 'on-headers';

/** Maximum characters of a message. It is held until all of it is there. */
const MAX_MESSAGE = 16 * 1024 * 1024;

/** An event ends with an empty line (WHATWG HTML, Server-sent events). */
const END_OF_EVENT = /(?:\r\n|\n|\r(?!\n)){2}/g;

const LINE_END = /\r\n|\n|\r/;

/** The reading of the messages of an answer. */
export interface AnswerReading {
  /** Whether answers that are no stream of events are read, too. */
  readonly isJsonRead: boolean;
  /** Returns what becomes of a message: itself, another one, or nothing (`undefined`). */
  readonly rewrite: (message: unknown) => Promise<unknown>;
  /** Called with the reason if the messages cannot be read. The answer has then been cut off. */
  readonly onUnreadable: (reason: string) => void;
}

/**
 * Rewrites the messages of an answer that another server writes, before they are sent: those of a stream one by one, and
 * those of another answer when it is complete. What is no JSON stays as it is.
 */
export function rewriteMessages(response: ServerResponse, reading: AnswerReading): void {
  const write = response.write.bind(response) as (chunk: unknown) => boolean;
  const end = response.end.bind(response);
  let messages: Transform | undefined;

  onHeaders(response, function () {
    const isStream = /^text\/event-stream\b/i.test(String(this.getHeader('Content-Type')));
    if (!isStream && !reading.isJsonRead) return;
    // What is rewritten has another length, and another tag.
    for (const name of ['Content-Length', 'ETag']) this.removeHeader(name);
    messages = isStream ? new EventMessages(reading.rewrite) : new WholeMessages(reading.rewrite);
    forward(messages);
    const encoding = String(this.getHeader('Content-Encoding') ?? 'identity');
    if (encoding !== 'identity') messages.destroy(new Error(`it is encoded (${encoding})`));
  });

  const begin = () => {
    if (!response.headersSent) response.writeHead(response.statusCode);
    return messages;
  };
  response.write = (...chunk: unknown[]) => {
    const begun = begin();
    return begun ? begun.write(...(chunk as [unknown])) : write(...(chunk as [unknown]));
  };
  response.end = (...chunk: unknown[]) => {
    const begun = begin();
    if (begun) begun.end(...(chunk as []));
    else end(...(chunk as []));
    return response;
  };

  function forward(from: Transform): void {
    from.on('data', (piece: Buffer) => {
      if (!response.destroyed && !write(piece)) from.pause();
    });
    from.on('end', () => {
      if (!response.destroyed) end();
    });
    from.on('error', (error) => {
      reading.onUnreadable(error.message);
      response.destroy();
    });
    // Whoever writes the answer waits for the response.
    from.on('drain', () => response.emit('drain'));
    response.on('drain', () => from.resume());
    response.once('close', () => from.destroy());
  }
}

/** Reads the whole of an answer. */
class WholeMessages extends Transform {
  readonly #pieces: Buffer[] = [];
  #length = 0;

  constructor(private readonly rewrite: AnswerReading['rewrite']) {
    super();
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    done(this.#length > MAX_MESSAGE ? new TooLongError() : null);
  }

  override _flush(done: TransformCallback): void {
    const text = Buffer.concat(this.#pieces).toString();
    rewriteText(text, this.rewrite).then(
      (rewritten) => {
        done(null, rewritten);
      },
      (error: unknown) => {
        done(error as Error);
      },
    );
  }
}

/** Reads a stream of events, one by one. */
class EventMessages extends Transform {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(private readonly rewrite: AnswerReading['rewrite']) {
    super();
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    // The end of an event may have been split.
    END_OF_EVENT.lastIndex = Math.max(0, this.#rest.length - 3);
    this.#rest += this.#decoder.write(piece);
    const events: string[] = [];
    let begin = 0;
    for (let match = END_OF_EVENT.exec(this.#rest); match; match = END_OF_EVENT.exec(this.#rest)) {
      events.push(this.#rest.slice(begin, END_OF_EVENT.lastIndex));
      begin = END_OF_EVENT.lastIndex;
    }
    this.#rest = this.#rest.slice(begin);
    if (this.#rest.length > MAX_MESSAGE) done(new TooLongError());
    else this.#pass(events, done);
  }

  override _flush(done: TransformCallback): void {
    this.#pass([this.#rest + this.#decoder.end()], done);
  }

  #pass(events: readonly string[], done: TransformCallback): void {
    const passAll = async () => {
      for (const event of events) {
        const rewritten = await rewriteEvent(event, this.rewrite);
        if (rewritten !== '') this.push(rewritten);
      }
    };
    passAll().then(
      () => {
        done();
      },
      (error: unknown) => {
        done(error as Error);
      },
    );
  }
}

class TooLongError extends Error {
  constructor() {
    super(`a message of it has more than ${MAX_MESSAGE} characters`);
  }
}

async function rewriteEvent(event: string, rewrite: AnswerReading['rewrite']): Promise<string> {
  const lines = event.split(LINE_END).filter((line) => line !== '');
  const [data, others] = [lines.filter(isData), lines.filter((line) => !isData(line))];
  const text = data.map((line) => line.replace(/^data:? ?/, '')).join('\n');
  const rewritten = await rewriteText(text, rewrite);
  if (rewritten === text) return event;
  // An event without data is not told, but its id counts for whoever resumes the stream.
  const left = rewritten === '' ? others : [...others, `data: ${rewritten}`];
  return left.map((line) => `${line}\n`).join('') + (left.length > 0 ? '\n' : '');
}

function isData(line: string): boolean {
  return line === 'data' || line.startsWith('data:');
}

/** @returns the text itself if nothing changes, and an empty one if nothing is left */
async function rewriteText(text: string, rewrite: AnswerReading['rewrite']): Promise<string> {
  const parsed = parse(text);
  const messages: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  const rewritten = await Promise.all(messages.map(rewrite));
  if (rewritten.every((message, index) => message === messages[index])) return text;
  const left = rewritten.filter((message) => message !== undefined);
  if (left.length === 0) return '';
  return JSON.stringify(Array.isArray(parsed) ? left : left[0]);
}

/** @returns `undefined` for what is no JSON */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
