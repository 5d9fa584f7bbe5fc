const PIECE = Buffer.alloc(64 * 1024, 'x');

/** Makes a body of at least so many bytes. */
export function* makePieces(bytes: number, onPiece?: (piece: Uint8Array) => void): Generator<Buffer> {
  for (let made = 0; made < bytes; made += PIECE.byteLength) {
    onPiece?.(PIECE);
    yield PIECE;
  }
}
