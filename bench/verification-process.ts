import { jwtVerify } from 'jose';
import { Strategy } from 'passport-jwt';
import { readProcessorTime } from './processor-time.js';
import { createKeys, type Algorithm } from './signatures.js';

/** Microseconds of the processor. */
export interface Verification {
  /** One `crypto.verify`. */
  readonly raw: number;
  /** The check of a token, as this package has it made: by passport-jwt, and by jose for EdDSA. */
  readonly check: number;
}

const algorithm = process.argv[2] as Algorithm;
const { sign, verify, publicKey } = createKeys(algorithm);
const TIMES = 2_000;
const exp = Math.floor(Date.now() / 1000) + 3600;
const content = [{ alg: algorithm }, { sub: 'alice', exp, filled: 'x'.repeat(200) }].map(encode).join('.');
const signature = sign(Buffer.from(content));
const token = `${content}.${signature.toString('base64url')}`;
const { JwtVerifier: checkByPassport } = Strategy as unknown as {
  readonly JwtVerifier: (...given: [string, unknown, object, (error: Error | null) => void]) => void;
};

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function verifyRaw(): void {
  if (!verify(Buffer.from(content), signature)) throw new Error('The signature is wrong');
}

async function check(): Promise<void> {
  if (algorithm === 'EdDSA') await jwtVerify(token, publicKey);
  else
    await new Promise<void>((resolve, reject) => {
      checkByPassport(token, publicKey, { algorithms: [algorithm] }, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
}

async function measure(run: () => void | Promise<void>): Promise<number> {
  // The first time, the code is compiled.
  for (let time = 0; time < TIMES; time += 1) await run();
  const before = readProcessorTime();
  for (let time = 0; time < TIMES; time += 1) await run();
  return (readProcessorTime() - before) / TIMES;
}

process.send?.({ raw: await measure(verifyRaw), check: await measure(check) } satisfies Verification);
