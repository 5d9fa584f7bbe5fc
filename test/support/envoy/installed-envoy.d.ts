export const envoyDirectory: string;
export class EnvoyUnavailableError extends Error {}
export function installEnvoy(): Promise<void>;
