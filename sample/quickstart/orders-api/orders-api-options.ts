/** Which access tokens the orders API accepts. */
export abstract class OrdersApiOptions {
  abstract readonly issuer: string;
  abstract readonly audience: string;
  abstract readonly jwksUri: string;
}
