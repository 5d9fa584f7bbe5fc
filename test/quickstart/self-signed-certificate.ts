import { generateKeyPairSync, sign } from 'node:crypto';

/** A certificate for no name in particular: enough for a server whose clients do not check it. */
export function selfSignedCertificate(): { key: string; cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const algorithm = sequence(Buffer.from('06032b6570', 'hex')); // id-Ed25519
  const serialNumber = tag(0x02, Buffer.from([1]));
  const nobody = sequence();
  const validity = sequence(utcTime('250101000000Z'), utcTime('490101000000Z'));
  const subjectPublicKeyInfo = publicKey.export({ type: 'spki', format: 'der' });
  const tbsCertificate = sequence(serialNumber, algorithm, nobody, validity, nobody, subjectPublicKeyInfo);
  const signature = tag(0x03, Buffer.concat([Buffer.from([0]), sign(null, tbsCertificate, privateKey)]));
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
