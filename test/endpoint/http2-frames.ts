import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Types of frames (RFC 9113 section 6). */
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;

const END_HEADERS = 4;
const CANCEL = 8;

/** A client of HTTP/2 that resets a stream as Go and browsers do. The client of Node ends the body before that. */
export class FrameClient {
  readonly #socket: Socket;
  #stream = -1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.resume();
    socket.on('error', () => undefined);
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    this.#send(SETTINGS, 0, 0, Buffer.alloc(0));
  }

  static async connect(port: number): Promise<FrameClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new FrameClient(socket);
  }

  /** Opens a stream, and sends a part of its body, which it does not end. */
  begin(headers: Readonly<Record<string, string>>, body: string): void {
    this.#stream += 2;
    this.#send(HEADERS, END_HEADERS, this.#stream, encodeHeaders(headers));
    if (body !== '') this.#send(DATA, 0, this.#stream, Buffer.from(body));
  }

  /** Resets the last stream. */
  reset(): void {
    this.#send(RST_STREAM, 0, this.#stream, toBytes(CANCEL, 4));
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(type: number, flags: number, stream: number, payload: Buffer): void {
    const head = [toBytes(payload.length, 3), Buffer.from([type, flags]), toBytes(stream, 4)];
    this.#socket.write(Buffer.concat([...head, payload]));
  }
}

/** Literals without indexing, and without Huffman codes (RFC 7541 section 6.2.2). */
function encodeHeaders(headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [
      Buffer.from([0]),
      encodeText(name.toLowerCase()),
      encodeText(value),
    ]),
  );
}

function encodeText(text: string): Buffer {
  return Buffer.concat([encodeLength(Buffer.byteLength(text)), Buffer.from(text)]);
}

/** RFC 7541 section 5.1, with a prefix of 7 bits. */
function encodeLength(length: number): Buffer {
  if (length < 127) return Buffer.from([length]);
  const bytes = [127];
  let rest = length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function toBytes(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
}
