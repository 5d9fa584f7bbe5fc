/** Milliseconds by which the clocks of replicas may differ while nothing is accepted twice or refused for it. */
export const BORNE_SKEW = 600_000;
