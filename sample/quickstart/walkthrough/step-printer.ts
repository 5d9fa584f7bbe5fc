import type { TokenClaims } from '../authorization-server/token-events.js';

export type Party = 'client' | 'mcp server' | 'authorization server' | 'orders api';

export interface Outcome {
  readonly status: number;
  readonly detail?: string;
  /** Of the token that was issued or presented. */
  readonly claims?: TokenClaims | undefined;
}

/** Has been printed already. */
export class StepFailure extends Error {}

/** Prints each step as one line, numbered in order. */
export class StepPrinter {
  private count = 0;

  constructor(private readonly print: (line: string) => void) {}

  /** What `run` throws, a status other than the expected one included, is printed as the failure of the step. */
  async step(
    from: Party,
    to: Party,
    what: string,
    expectedStatus: number,
    run: () => Promise<Outcome> | Outcome,
  ): Promise<void> {
    this.count += 1;
    const start = `${String(this.count).padStart(2)}. ${`${from} → ${to}`.padEnd(33)}  ${what}`;
    try {
      const { status, detail, claims } = await run();
      if (status !== expectedStatus) throw new Error(`the status is ${status}, not ${expectedStatus}`);
      const done = detail === undefined ? start : `${start}: ${detail}`;
      this.print([done, status, ...(claims ? [describeClaims(claims)] : [])].join('  '));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.print(`${start}  FAILED: ${reason}`);
      throw new StepFailure(reason, { cause: error });
    }
  }
}

interface Actor {
  readonly sub: string;
  readonly act?: Actor;
}

function describeClaims({ aud, sub, scope, act }: TokenClaims): string {
  const claims = [
    ['aud', [aud].flat().join(',')],
    ['sub', sub],
    ['scope', scope?.replaceAll(' ', ',')],
    ['act', act === undefined ? undefined : actors(act as Actor).join(',')],
  ];
  return `(${claims.flatMap(([name = '', value]) => (value === undefined ? [] : [`${name}=${value}`])).join(' ')})`;
}

function actors({ sub, act }: Actor): string[] {
  return [sub, ...(act ? actors(act) : [])];
}
