import { Module } from '@nestjs/common';

/** The module that `docs/guides/testing.md` tests. */
@Module({})
export class AppModule {}
