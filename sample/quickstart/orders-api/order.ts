import { z } from 'zod';

export interface Order {
  readonly id: string;
  readonly item: string;
  readonly quantity: number;
  readonly owner: string;
  readonly status: 'placed' | 'shipped' | 'cancelled';
}

export const newOrderSchema = z.strictObject({
  item: z.string().trim().min(1).max(100),
  quantity: z.int().min(1).max(1000),
});

export type NewOrder = z.infer<typeof newOrderSchema>;
