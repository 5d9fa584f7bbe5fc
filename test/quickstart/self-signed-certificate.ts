import { generateKeyPairSync, sign, type KeyPairKeyObjectResult } from 'node:crypto';

/** A certificate of its own, for loopback; of keys of another type signed by somebody else, whom nobody asks. */
export function selfSignedCertificate(keys: KeyPairKeyObjectResult = generateKeyPairSync('ed25519')): {
  key: string;
  cert: string;
} {
  const { publicKey, privateKey } = keys;
  const signer = privateKey.asymmetricKeyType === 'ed25519' ? privateKey : generateKeyPairSync('ed25519').privateKey;
  const algorithm = sequence(Buffer.from('06032b6570', 'hex')); // id-Ed25519
  const serialNumber = tag(0x02, Buffer.from([1]));
  const nobody = sequence();
  const validity = sequence(utcTime('250101000000Z'), utcTime('490101000000Z'));
  const subjectPublicKeyInfo = publicKey.export({ type: 'spki', format: 'der' });
  const version = tag(0xa0, tag(0x02, Buffer.from([2])));
  const loopback = sequence(tag(0x87, Buffer.from([127, 0, 0, 1])));
  const subjectAltName = sequence(Buffer.from('0603551d11', 'hex'), tag(0x04, loopback));
  const extensions = tag(0xa3, sequence(subjectAltName));
  const tbsCertificate = sequence(
    version,
    serialNumber,
    algorithm,
    nobody,
    validity,
    nobody,
    subjectPublicKeyInfo,
    extensions,
  );
  const signature = tag(0x03, Buffer.concat([Buffer.from([0]), sign(null, tbsCertificate, signer)]));
  const certificate = sequence(tbsCertificate, algorithm, signature);
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
  };
}

function sequence(...elements: Buffer[]): Buffer {
  return tag(0x30, Buffer.concat(elements));
}

function utcTime(time: string): Buffer {
  return tag(0x17, Buffer.from(time));
}

function tag(type: number, content: Buffer): Buffer {
  const { length } = content;
  const lengthOctets = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([type, ...lengthOctets]), content]);
}
