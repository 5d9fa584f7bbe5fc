import { DPoP, generateKeyPair, type DPoPHandle } from 'oauth4webapi';

/** A key pair for proofs (RFC 9449), of this process, or as it was given. The private key signs and is never told. */
export class DpopKey {
  #handle: Promise<DPoPHandle> | undefined;

  /** @param keyPair - defaults to one that is made when first needed */
  constructor(private readonly keyPair?: CryptoKeyPair) {}

  /** What signs proofs, and remembers the nonces of servers (RFC 9449 sections 8 and 9). */
  async handle(): Promise<DPoPHandle> {
    this.#handle ??= this.#make();
    return await this.#handle;
  }

  /** Names the key, and tells nothing of it (RFC 7638). */
  async computeThumbprint(): Promise<string> {
    return await (await this.handle()).calculateThumbprint();
  }

  async #make(): Promise<DPoPHandle> {
    return DPoP({}, this.keyPair ?? (await generateKeyPair('ES256')));
  }
}
