import { z } from 'zod';

export const orderSchema = z.object({
  id: z.string(),
  item: z.string(),
  quantity: z.int(),
  owner: z.string().describe('Whose order it is'),
  status: z.enum(['placed', 'shipped', 'cancelled']),
});

export type Order = Readonly<z.infer<typeof orderSchema>>;

export const newOrderSchema = z.strictObject({
  item: z.string().trim().min(1).max(100),
  quantity: z.int().min(1).max(1000),
});

export type NewOrder = z.infer<typeof newOrderSchema>;
