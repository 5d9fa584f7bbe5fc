/** The access token of a connection, or a function that returns one for each message. */
export type TokenSource = string | (() => string | Promise<string>);
