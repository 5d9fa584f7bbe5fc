import { followPage } from '../follow-page.js';

followPage('docs/get-started/nest-api.md');
