/**
 * What is under way, by name, in the order in which it began.
 *
 * The table of a Map that lives long lies among the old objects, and so does each one that it has outgrown. Until the next
 * full collection that one keeps what was in it, with all that hangs on it, although it is over long since: the frequent
 * collections then copy everything that was ever under way. So what is over leaves nothing but an empty slot behind.
 */
export class FleetingMap<Value> {
  private readonly slots = new Map<string, Slot<Value>>();

  get size(): number {
    return this.slots.size;
  }

  has(name: string): boolean {
    return this.slots.has(name);
  }

  get(name: string): Value | undefined {
    return this.slots.get(name)?.value;
  }

  /** Begins under a name that is not in use. */
  set(name: string, value: Value): void {
    this.slots.set(name, { value });
  }

  /** It is over. */
  delete(name: string): void {
    const slot = this.slots.get(name);
    if (!slot) return;
    this.slots.delete(name);
    slot.value = undefined;
  }

  /** The oldest first. What is deleted meanwhile is not met. */
  *values(): Generator<Value, void> {
    for (const { value } of this.slots.values()) if (value !== undefined) yield value;
  }
}

interface Slot<Value> {
  value: Value | undefined;
}
