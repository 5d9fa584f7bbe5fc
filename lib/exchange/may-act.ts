/** Stand-in; being written. */
export function mayAct(_claims: Readonly<Record<string, unknown>>, _client: { id: string; issuer: string }): boolean {
  return true;
}
