/** Where the access token of a connection comes from: itself, or whoever has it, who is asked for each message. */
export type TokenSource = string | (() => string | Promise<string>);
