/**
 * How much processor time this process spends on the work, in milliseconds. On a busy machine the clock says more: it counts
 * what other processes do meanwhile.
 */
export async function cpuMsOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
