import { describe, expect, test } from '@jest/globals';
import { mayAct } from '../../lib/on-behalf-of/dialects/may-act.js';

const ISSUER = 'https://id.example';
const PARTY = { id: 'mcp', issuer: ISSUER };

describe('may_act', () => {
  test.each<[string, Record<string, unknown>]>([
    ['absent', {}],
    ['its subject', { may_act: { sub: 'mcp' } }],
    ['its client', { may_act: { client_id: 'mcp' } }],
    ['its subject and its client', { may_act: { sub: 'mcp', client_id: 'mcp' } }],
    ['its subject at its issuer', { may_act: { sub: 'mcp', iss: ISSUER } }],
    ['its client, and what says nothing of who it is', { may_act: { client_id: 'mcp', exp: 1 } }],
  ])('lets the party act: %s', (_name, claims) => {
    expect(mayAct({ sub: 'alice', ...claims }, PARTY)).toBe(true);
  });

  test.each<[string, unknown]>([
    ['somebody else', { sub: 'other' }],
    ['another client', { client_id: 'other' }],
    ['the client, for another subject', { sub: 'other', client_id: 'mcp' }],
    ['the subject, at another client', { sub: 'mcp', client_id: 'other' }],
    ['the same name at another issuer', { sub: 'mcp', iss: 'https://other.example' }],
    ['an issuer that is not text', { sub: 'mcp', iss: [ISSUER] }],
    ['an issuer alone', { iss: ISSUER }],
    ['nobody', {}],
    ['a list of names', { sub: ['mcp'] }],
    ['a name that is null', { sub: null, client_id: 'mcp' }],
    ['a name of another case', { sub: 'MCP' }],
    ['a list', ['mcp']],
    ['a list of parties', [{ sub: 'mcp' }]],
    ['text', 'mcp'],
    ['null', null],
    ['true', true],
    ['names that it inherits', Object.create({ sub: 'other' })],
  ])('lets nobody else act: %s', (_name, may_act) => {
    expect(mayAct({ sub: 'alice', may_act }, PARTY)).toBe(false);
  });
});
