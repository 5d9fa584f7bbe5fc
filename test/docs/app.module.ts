import { Module } from '@nestjs/common';

/** The module that `docs/testing.md` tests. */
@Module({})
export class AppModule {}
