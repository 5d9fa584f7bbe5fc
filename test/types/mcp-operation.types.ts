/** Checked by the compiler alone: what must not compile is marked so, and it is an error if it does. */
import { expectTypeOf } from 'expect-type';
import {
  CurrentCaller,
  McpInput,
  McpOpenApiModule,
  McpOperation,
  type Caller,
  type McpOpenApiOptions,
  type OperationCall,
} from 'nestjs-mcp-auth';
import { z } from 'zod';

interface CreateOrder {
  readonly item: string;
  readonly quantity?: number;
}

const input = z.object({ article: z.string() });
const output = z.object({ total: z.number() });

export class WellTyped {
  @McpOperation('createOrder')
  create(order: CreateOrder, call: OperationCall<CreateOrder>) {
    return call({ ...order, quantity: 1 });
  }

  @McpOperation('createOrder')
  untyped(order: CreateOrder, call: OperationCall) {
    return call(order);
  }

  @McpOperation('createOrder', { description: 'by one argument' })
  decorated(@McpInput('item') item: string, @CurrentCaller() caller: Caller, call: OperationCall) {
    return call({ item, for: caller.subject });
  }

  @McpOperation('createOrder', { input, scopes: ({ article }) => [`orders:${article}`] })
  ownInput({ article }: { article: string }, call: OperationCall<CreateOrder>) {
    return call({ item: article });
  }

  @McpOperation('createOrder', { output })
  ownOutput() {
    return { total: 1 };
  }

  @McpOperation('createOrder', { output })
  answer(order: CreateOrder, call: OperationCall<CreateOrder>) {
    return call(order);
  }

  @McpOperation('createOrder')
  async other(order: CreateOrder, call: OperationCall) {
    const read = call.operation<{ id: string }>('getOrder');
    expectTypeOf(read).parameter(0).toEqualTypeOf<{ id: string }>();
    expectTypeOf(await read.fetch({ id: order.item })).toEqualTypeOf<Response>();
    return await read({ id: order.item });
  }
}

export class IllTyped {
  // @ts-expect-error the call takes arguments of another type
  @McpOperation('createOrder', { input })
  ownInput({ amount }: { amount: string }, call: OperationCall) {
    return call({ amount });
  }

  // @ts-expect-error the method returns no such value
  @McpOperation('createOrder', { output })
  ownOutput() {
    return { sum: 1 };
  }

  // @ts-expect-error the class has the downstream
  @McpOperation('createOrder', { server: 'other' })
  elsewhere() {
    return 1;
  }

  @McpOperation('createOrder')
  wrong(_order: CreateOrder, call: OperationCall<CreateOrder>) {
    // @ts-expect-error there is no such argument
    return call({ article: 'tea' });
  }
}

const options: McpOpenApiOptions = { downstream: 'orders', document: {} };

McpOpenApiModule.forFeature(options);
McpOpenApiModule.forFeature([options] as const, { api: WellTyped });
McpOpenApiModule.forFeatureAsync({ useFactory: () => Promise.resolve([options]), api: WellTyped });
McpOpenApiModule.forFeatureAsync({
  useClass: class {
    createMcpOpenApiOptions() {
      return options;
    }
  },
});
// @ts-expect-error it has no downstream
McpOpenApiModule.forFeature({ document: {} });
McpOpenApiModule.forFeatureAsync({
  // @ts-expect-error it has another method
  useClass: class {
    create() {
      return options;
    }
  },
});
