/** The longest prefix: every IPv6 address by itself. */
export const IPV6_BITS = 128;
const GROUP_BITS = 16;
const GROUPS = IPV6_BITS / GROUP_BITS;

/**
 * Whom an address is counted as. A household or a server is given a whole IPv6 network, and picks its addresses in it
 * freely: of IPv6 it is the network of so many bits, such as `2001:db8:0:1::/64`. An IPv4 address is itself, and so is any
 * other text.
 * @param address As `ClientAddress` answers it.
 */
export function networkOf(address: string, ipv6PrefixBits: number): string {
  if (ipv6PrefixBits >= IPV6_BITS || !address.includes(':')) return address;
  const kept = groupsOf(address).map((group, index) => {
    const bits = Math.min(GROUP_BITS, Math.max(0, ipv6PrefixBits - index * GROUP_BITS));
    return (group & (0xffff << (GROUP_BITS - bits)) & 0xffff).toString(16);
  });
  return `${kept.slice(0, Math.ceil(ipv6PrefixBits / GROUP_BITS)).join(':')}::/${ipv6PrefixBits}`;
}

function groupsOf(address: string): readonly number[] {
  const [before = '', after] = address.split('::');
  const left = readGroups(before);
  if (after === undefined) return left;
  const right = readGroups(after);
  return [...left, ...Array.from({ length: GROUPS - left.length - right.length }, () => 0), ...right];
}

/** The last two groups may be written as IPv4. */
function readGroups(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
