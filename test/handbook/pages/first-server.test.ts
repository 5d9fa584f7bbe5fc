import { describe } from '@jest/globals';
import { followPage } from '../follow-page.js';
import { hasKeycloak, withKeycloak } from '../keycloak/downloaded-keycloak.js';

const keycloak = withKeycloak();

/** What the page says of Nest 11. `NEST_RELEASE=11` follows it. */
const onNest11 = (text: string) => text.replace('@nestjs/cli@12', '@nestjs/cli@11').replace(' --no-observe\n', '\n');

const adapt = (text: string) => (keycloak.adapt ?? String)(process.env.NEST_RELEASE === '11' ? onNest11(text) : text);

(hasKeycloak ? describe : describe.skip)('with a Keycloak of the reader', () => {
  followPage('docs/get-started/first-server.md', { ...keycloak, adapt });
});
