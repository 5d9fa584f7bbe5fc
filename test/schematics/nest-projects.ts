/** What `nest new` writes, as far as the schematics look at it. */
export interface NestProject {
  /** Whether it is made of ES modules, with vitest, as by Nest 12. */
  readonly isEsm?: boolean;
  readonly sourceRoot?: string;
  readonly main?: string;
  readonly module?: string;
}

/** Files of a project that `nest new` has made. */
export function nestProject({ isEsm = false, sourceRoot = 'src', main, module }: NestProject = {}): Record<
  string,
  string
> {
  const extension = isEsm ? '.js' : '';
  const nest = isEsm ? '^12.0.1' : '^11.0.1';
  const manifest = {
    name: 'orders',
    version: '1.2.3',
    ...(isEsm && { type: 'module' }),
    dependencies: { '@nestjs/common': nest, '@nestjs/core': nest },
    devDependencies: isEsm ? { vitest: '^4.1.2' } : { jest: '^30.0.0', 'ts-jest': '^29.2.5' },
    ...(!isEsm && { jest: { rootDir: 'src' } }),
  };
  return {
    'package.json': JSON.stringify(manifest, null, 2),
    'nest-cli.json': JSON.stringify({ sourceRoot }),
    ...(!isEsm && { 'test/jest-e2e.json': JSON.stringify({ rootDir: '.' }) }),
    [`${sourceRoot}/main.ts`]: main ?? mainWith('AppModule', `./app.module${extension}`),
    [`${sourceRoot}/app.module.ts`]: module ?? moduleWith('imports: [], providers: []'),
  };
}

/** The `main.ts` of `nest new`. */
export function mainWith(module: string, path: string, adapter = ''): string {
  return `import { NestFactory } from '@nestjs/core';
import { ${module} } from '${path}';

async function bootstrap() {
  const app = await NestFactory.create(${module}${adapter});
  await app.listen(process.env.PORT ?? 3000);
}
void bootstrap();
`;
}

/** A module with this metadata. */
export function moduleWith(metadata: string, above = ''): string {
  return `import { Module } from '@nestjs/common';
${above}
@Module({ ${metadata} })
export class AppModule {}
`;
}
