import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { connectStdio, McpAuthModule, type AuditEvent } from 'nestjs-mcp-auth';
import { cancelled, effects, PayingTools } from './paying-tools.js';

/** A process that a client starts, and that pays. It tells its parent what it did, when it is asked. */

const { ISSUER = '', RESOURCE = '', TOKEN_FILE = '' } = process.env;
const events: AuditEvent[] = [];

@Module({
  imports: [
    McpAuthModule.forRoot({
      server: { name: 'paying', version: '1.0.0' },
      resource: RESOURCE,
      issuers: [{ issuer: ISSUER, clients: ['test-client'] }],
      observability: { auditSink: { record: (event) => void events.push(event) } },
    }),
  ],
  providers: [PayingTools],
})
class PayingModule {}

process.on('message', (asked) => {
  const told = { effects, cancelled, events };
  process.send?.(told);
  if (asked === 'forget') for (const list of Object.values(told)) list.length = 0;
});

const app = await NestFactory.createApplicationContext(PayingModule, { logger: false });
app.enableShutdownHooks();
connectStdio(app, { token: () => readFileSync(TOKEN_FILE, 'utf8') });
