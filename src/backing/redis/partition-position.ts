/**
 * Where a node stands in a partition, and what it knows of where the partition has been.
 *
 * After a failover the partition may have lost its end. Whoever was there sees that the place is none of it any more. Who
 * was away, at a place from before that, cannot see it; so the node that knows of a lost place has it noted in the log,
 * and the number of that note tells everyone else.
 */
import { FIRST_NONCE, goesOnTo } from './log-place.js';
import type { LogPlace } from './log-place.js';
import { randomText } from './random-ids.js';

/** What one node knows of the places of one partition. */
export class PartitionPosition {
  private current: LogPlace = { epoch: randomText(), nonce: FIRST_NONCE, number: 0 };
  /** The partition has been here, as an answer to this node said, though it was not heard. */
  private reached: LogPlace | undefined;
  /** Up to which number messages were lost with the end, as far as this node knows. */
  private lostThrough: number | undefined;

  /** Where this node stands; a place of no log before the first contact. */
  get place(): LogPlace {
    return this.current;
  }

  /** The furthest place that this node knows the partition to have been at. */
  get known(): LogPlace {
    const { current, reached } = this;
    return reached?.epoch === current.epoch && reached.number > current.number ? reached : current;
  }

  /** This is where the node stands now. */
  moveTo(place: LogPlace): void {
    this.current = place;
  }

  /** The partition has been at this place, whether or not this node has heard of it. */
  hasReached(place: LogPlace): void {
    if (place.epoch === this.current.epoch && place.number > this.known.number) this.reached = place;
  }

  /** Whether the partition has come to the place by what this node has heard, as far as places tell. */
  goesOnTo(place: LogPlace): boolean {
    return goesOnTo(this.current, place) && (this.lostThrough ?? 0) <= this.current.number;
  }

  /**
   * A probe says where the partition is, and up to which number it has lost messages with its end. Answers whether this
   * node did not know of that, and has gone past it in good faith.
   */
  learn(place: LogPlace, lostThrough: number): boolean {
    const { current, lostThrough: known = lostThrough } = this;
    this.lostThrough = lostThrough;
    if (this.reached && this.reached.number > place.number) this.reached = undefined;
    return lostThrough > known && lostThrough <= current.number && goesOnTo(current, place);
  }
}
