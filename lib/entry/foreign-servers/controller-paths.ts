import type { Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';

/** Paths of a controller, as its decorator says them: with a slash before, and none behind. */
export function readPaths(controller: Type): readonly string[] {
  const paths = [Reflect.getMetadata(PATH_METADATA, controller) as string | string[] | undefined].flat();
  return paths.map((path = '') => `/${path}`.replace(/\/+/g, '/').replace(/\/$/, ''));
}
