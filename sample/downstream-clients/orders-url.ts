/** Where the orders API is: `baseUrl` of the downstream `orders`. */
export const ORDERS_URL = Symbol('ORDERS_URL');
