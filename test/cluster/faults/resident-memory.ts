import { readFileSync } from 'node:fs';

/** What a process holds of the machine's memory now. Linux only. */
export function residentKilobytes({ pid }: { readonly pid: number }): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes);
}
