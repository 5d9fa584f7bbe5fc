import { beforeAll, describe } from '@jest/globals';
import fc from 'fast-check';
import { outcome, possession, ProofClient, request, TOKEN } from '../proof/proof-client.js';
import { testMembers, text } from './members.js';

describe('a proof that was used', () => {
  let clients: ProofClient[];
  beforeAll(async () => {
    clients = [await ProofClient.start(), await ProofClient.start()];
  });

  interface Proof {
    readonly key: number;
    readonly jti: string;
  }

  /** Whether the second proof counts as the first one again. */
  const isReplay = async (one: Proof, other: Proof): Promise<boolean> => {
    const proofs = possession();
    const outcomes: string[] = [];
    for (const { key, jti } of [one, other]) {
      const client = clients[key];
      if (!client) throw new Error('There is no such key');
      const proof = request(await client.proof({ jti }));
      outcomes.push(await outcome(proofs.check(proof, 'dpop', TOKEN, client.confirmation)));
    }
    if (outcomes[0] !== 'accepted') throw new Error('The first proof was refused');
    return outcomes[1] !== 'accepted';
  };

  testMembers(
    { key: fc.constantFrom(0, 1), jti: text.filter((jti) => jti !== '') },
    (values) => values as unknown as Proof,
    isReplay,
  );
});
