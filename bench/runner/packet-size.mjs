/**
 * Loopback with packets of another size. By itself it takes 64 KB at once, and so the kernel takes megabytes for a socket
 * whose reader stands still; over a network card, with packets of 1,500 bytes, a tenth of a megabyte to three. What
 * slow readers cost depends on that.
 */
import { spawnSync } from 'node:child_process';

/** Smallest packet that every host takes (RFC 791 section 3.1), and the largest of IPv4. */
const SMALLEST = 576;
const LARGEST = 65_535;
const SET_UP = 'ip link set lo mtu "$0" up && exec "$@"';

/** Bytes of a packet in this run; undefined where loopback is as it is. */
export const packetBytes = process.env.BENCH_PACKET_BYTES;

/** Carries this command out again where loopback has such packets and nothing else is on it; answers its exit code. */
export function repeatWithPackets(bytes) {
  if (!(Number.isInteger(bytes) && bytes >= SMALLEST && bytes <= LARGEST))
    throw new Error(`--packet-bytes is a whole number from ${SMALLEST} to ${LARGEST}.`);
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status, error } = spawnSync('unshare', [...asRoot, '--net', 'sh', '-c', SET_UP, String(bytes), ...command], {
    stdio: 'inherit',
    env: { ...process.env, BENCH_PACKET_BYTES: String(bytes) },
  });
  if (error) throw new Error(`--packet-bytes needs Linux with unshare and ip: ${error.message}`);
  return status ?? 1;
}
