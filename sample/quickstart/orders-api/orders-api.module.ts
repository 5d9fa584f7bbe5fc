import { Module, StandardSchemaValidationPipe, type DynamicModule } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { OrdersApiOptions } from './orders-api-options.js';
import { OrdersController } from './orders.controller.js';
import { OrdersRepository } from './orders.repository.js';

@Module({
  controllers: [OrdersController],
  providers: [OrdersRepository, { provide: APP_PIPE, useClass: StandardSchemaValidationPipe }],
})
export class OrdersApiModule {
  static forRoot(options: OrdersApiOptions): DynamicModule {
    return { module: OrdersApiModule, providers: [{ provide: OrdersApiOptions, useValue: options }] };
  }
}
