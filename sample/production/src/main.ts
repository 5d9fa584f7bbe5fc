import 'reflect-metadata';
import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { settings } from './settings.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: new ConsoleLogger({ json: true }) });
// Who asks without a token is known by the address that the proxies tell.
app.set('trust proxy', settings.TRUSTED_PROXIES);
// Without this, SIGTERM cuts calls off.
app.enableShutdownHooks();
await app.listen(settings.PORT);
