import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

const KEY_BYTES = 32;

/**
 * What values are encrypted for. `tokens` are the exchanged ones, `states` and `unused-states` those of calls, and
 * `sessions` those of servers behind `@ProtectedMcp`.
 */
export const SEAL_PURPOSES = [
  'accounts',
  'bus',
  'link-requests',
  'sessions',
  'states',
  'tasks',
  'tokens',
  'unused-states',
] as const;

export type SealPurpose = (typeof SEAL_PURPOSES)[number];

/**
 * Encrypts values that leave the process (AES-256-GCM, NIST SP 800-38D). The first key encrypts, all keys decrypt. Each
 * purpose, and each server, has keys of its own, which are derived from those of the options (HKDF, RFC 5869).
 */
export class KeyRing {
  #derived: readonly KeyObject[] | undefined;

  /**
   * @param given - of 32 bytes
   * @param purpose - values of one purpose cannot be decrypted for another
   * @param server - resource of the server. Without it, all servers with these keys decrypt the values
   */
  constructor(
    private readonly given: readonly KeyObject[],
    private readonly purpose: SealPurpose,
    private readonly server?: string,
  ) {}

  /** @param place - where the value is kept; it cannot be decrypted for another place */
  seal(value: string, place: string): string {
    const [key] = this.#derive();
    if (!key) throw new Error('Validated options have an encryption key');
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place));
    return Buffer.concat([iv, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
  }

  /** @returns `undefined` unless a key of the ring encrypted the value for this place */
  open(sealed: unknown, place: string): string | undefined {
    if (typeof sealed !== 'string') return undefined;
    const bytes = Buffer.from(sealed, 'base64');
    // Node skips what is not base64, so that a value would have many spellings.
    if (bytes.length < IV_BYTES + TAG_BYTES || bytes.toString('base64') !== sealed) return undefined;
    for (const key of this.#derive()) {
      const value = decrypt(bytes, key, place);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** Many applications never need some of the keys, and to derive them takes long at boot. */
  #derive(): readonly KeyObject[] {
    return (this.#derived ??= this.given.map((key) => deriveSealingKey(key, this.purpose, this.server)));
  }
}

function deriveSealingKey(key: KeyObject, purpose: SealPurpose, server: string | undefined): KeyObject {
  // A digest, because `info` has to be short.
  const ofServer = server === undefined ? 'all' : createHash('sha256').update(server).digest('base64url');
  const info = `nestjs-mcp-auth:${purpose}:${ofServer}`;
  return createSecretKey(Buffer.from(hkdfSync('sha256', key, '', info, KEY_BYTES)));
}

function decrypt(bytes: Buffer, key: KeyObject, place: string): string | undefined {
  const cipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([cipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), cipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
