import { defineConfig, type DefaultTheme, type UserConfig } from 'vitepress';
import llmstxt from 'vitepress-plugin-llms';
import { linksToRepository } from './links-to-repository.js';
import { copyLinkedFiles } from './linked-files.js';
import { copyMermaid, mermaidFences } from './mermaid.js';
import { plainText } from './plain-text.js';
import { sidebar, written } from './sidebar.js';
import { address, base, olderVersion, repository } from './site.js';
import { slugOf } from './slug.js';
import { versionMenu } from './versions.js';

const TITLE = 'nestjs-mcp-auth';
const DESCRIPTION = 'Protected MCP servers in NestJS, on the identity provider that you already run.';
const API = 'reference/api/';

export default defineConfig({
  title: TITLE,
  description: DESCRIPTION,
  lang: 'en',
  base,
  cleanUrls: true,
  // The table of contents is in one file, and not in every page.
  metaChunk: true,
  sitemap: { hostname: address },
  head: [['meta', { property: 'og:title', content: TITLE }]],
  markdown: {
    // A link to a heading works on GitHub, too.
    anchor: { slugify: slugOf },
    languageAlias: { haproxy: 'nginx' },
    headers: { level: [2, 3], slugify: slugOf },
    config: (md) => {
      md.use(linksToRepository);
      md.use(mermaidFences);
      md.use(plainText);
    },
  },
  buildEnd: async ({ srcDir, outDir }) => {
    await copyMermaid(outDir);
    await copyLinkedFiles(srcDir, outDir);
  },
  transformPageData: ({ relativePath, frontmatter }) => {
    // TypeDoc writes these pages, and nobody edits those of an older version.
    if (relativePath.startsWith(API) || olderVersion !== undefined) frontmatter.editLink = false;
  },
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/introduction/', activeMatch: '^/(introduction|get-started|guides)/' },
      { text: 'Providers', link: '/providers/keycloak', activeMatch: '^/providers/' },
      { text: 'Reference', link: '/reference/options', activeMatch: '^/reference/' },
      versionMenu(),
    ],
    sidebar,
    outline: { level: [2, 3] },
    search: {
      provider: 'local',
      options: {
        // Of the API reference only the names are searched: its texts would be most of the index.
        _render: (source, env, md) =>
          md.render(env.relativePath.startsWith(API) ? (/^# .*$/m.exec(source)?.[0] ?? '') : source, env),
      },
    },
    editLink: { pattern: `${repository}/edit/main/docs/:path`, text: 'Edit this page on GitHub' },
    socialLinks: [{ icon: 'github', link: repository }],
    notFound: {
      title: 'This page does not exist',
      quote: 'It may have moved. The search at the top finds pages by their words.',
      linkText: 'Go to the first page',
    },
    footer: { message: 'Released under the MIT License.' },
  },
  vite: {
    // `llms.txt` and `llms-full.txt`, and each page as Markdown beside its HTML.
    plugins: [llmstxt({ domain: new URL(address).origin, ignoreFiles: [`${API}**`], sidebar: written })],
  },
} satisfies UserConfig<DefaultTheme.Config>);
