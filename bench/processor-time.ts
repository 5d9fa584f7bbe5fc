/** Microseconds of the processor that this process has had, user and system. */
export function readProcessorTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
