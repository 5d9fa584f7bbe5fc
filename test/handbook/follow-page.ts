import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { Desk, type Setting } from './desk.js';
import { readPage } from './page.js';

/** Milliseconds: npm may have to download packages. */
const LIMIT = 300_000;

/**
 * Follows a page of the handbook from its first block to the last, as a reader does: with a test for each section. Where one
 * fails, those below it do, too.
 */
export function followPage(page: string, setting: Setting = {}): void {
  describe(page, () => {
    let desk: Desk;
    let failed: string | undefined;

    beforeAll(async () => {
      desk = await Desk.open(page, setting);
    }, LIMIT);
    afterAll(() => desk.close(), LIMIT);

    const sections = readPage(page).filter(({ blocks }) => blocks.length > 0);
    test.each(sections.map(({ heading }) => heading))(
      '%s',
      async (heading) => {
        if (failed !== undefined) throw new Error(`"${failed}" has failed already`);
        failed = heading;
        await desk.follow(page, heading);
        failed = undefined;
      },
      LIMIT,
    );
  });
}
