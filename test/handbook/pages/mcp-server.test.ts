import { followPage } from '../follow-page.js';

followPage('docs/get-started/mcp-server.md');
