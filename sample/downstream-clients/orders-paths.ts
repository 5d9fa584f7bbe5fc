/** What `openapi-typescript` writes for the orders API. */
export interface paths {
  '/orders/{id}': {
    get: {
      parameters: { path: { id: string } };
      responses: { 200: { content: { 'application/json': Order } } };
    };
    put: {
      parameters: { path: { id: string } };
      requestBody: { content: { 'application/json': { item: string } } };
      responses: { 200: { content: { 'application/json': Order } } };
    };
  };
}

export interface Order {
  id: string;
  item: string;
}
