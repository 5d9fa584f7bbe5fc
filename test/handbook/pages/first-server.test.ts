import { describe } from '@jest/globals';
import { followPage } from '../follow-page.js';
import { hasKeycloak, withKeycloak } from '../keycloak/downloaded-keycloak.js';

(hasKeycloak ? describe : describe.skip)('with a Keycloak of the reader', () => {
  followPage('docs/get-started/first-server.md', withKeycloak());
});
