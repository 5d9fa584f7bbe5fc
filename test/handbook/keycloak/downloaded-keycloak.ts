import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ScriptlessBrowser } from '../../../sample/quickstart/walkthrough/scriptless-browser.js';
import type { Setting } from '../desk.js';

/** The release that pages name. Another one may be at hand. */
const NAMED = '26.7.3';

/** Where the set-up of the suite has left a Keycloak; `undefined` where there is none. */
const { KEYCLOAK_DEVELOPMENT_HOME: home, KEYCLOAK_VERSION: version = NAMED } = process.env;

export const hasKeycloak = home !== undefined;

/** A reader who has downloaded Keycloak, and who signs in as a page says: `alice`, with the password `alice`. */
export const withKeycloak = (): Setting => ({
  environment: { JAVA_OPTS_KC_HEAP: '-Xms128m -Xmx512m -XX:TieredStopAtLevel=1' },
  adapt: (text) => text.replaceAll(NAMED, version),
  prepare: async (folder) => {
    await promisify(execFile)('cp', ['-a', home ?? '', join(folder, `keycloak-${version}`)]);
  },
  answers: [
    {
      to: /^(http:\S+\/protocol\/openid-connect\/auth\?\S+)$\n/gm,
      act: ([, address = '']) => signIn(new URL(address)),
    },
  ],
});

const browser = new ScriptlessBrowser();

async function signIn(address: URL): Promise<void> {
  let page = await browser.open(address);
  for (let form = page.forms[0]; form && page.status === 200; form = page.forms[0]) {
    const isLogin = form.fields.includes('password');
    page = await browser.submit(page, form, isLogin ? { username: 'alice', password: 'alice' } : { accept: 'Yes' });
  }
  if (page.url.origin === address.origin) throw new Error(`The sign-in ended at ${page.url.pathname}: ${page.status}`);
  await fetch(page.url);
}
