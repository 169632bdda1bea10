#include "load.h"

#include <inttypes.h>

#define STALL_US 1000000

uint64_t expect_each;
static uint64_t written_off;

uint64_t outstanding(void) {
  uint64_t wanted = published_in_all * expect_each, have = delivered_in_all + written_off;
  return have < wanted ? wanted - have : 0;
}

/* Closed loop: messages that never come must not stop it for ever. */
static void write_off_lost(uint64_t now) {
  static uint64_t last_delivered, last_progress;
  if (delivered_in_all != last_delivered || outstanding() == 0 || last_progress == 0) {
    last_delivered = delivered_in_all;
    last_progress = now;
  } else if (now - last_progress > STALL_US) {
    note("%" PRIu64 " deliveries did not come within a second", outstanding());
    written_off += outstanding();
    last_progress = now;
  }
}

static bool may_publish(void) { return opt.publish_count < 0 || tally.published < (uint64_t)opt.publish_count; }

/* Posts what is due and returns how long nothing else will be. An open loop stamps a message with the time it was due at. */
static uint64_t publish_due(uint64_t now, uint64_t start) {
  if (opt.publishes_per_second > 0) {
    while (may_publish()) {
      uint64_t due = start + (uint64_t)((double)published_in_all * 1e6 / opt.publishes_per_second);
      if (due > now) return due - now;
      if (!publisher_post(due)) break;
    }
    return LONGEST_WAIT_US;
  }
  write_off_lost(now);
  while (may_publish() && outstanding() <= (uint64_t)(opt.window - 1) * expect_each && publisher_post(now_us())) continue;
  return LONGEST_WAIT_US;
}

void publish_for(double seconds, uint64_t start) {
  uint64_t end = now_us() + (uint64_t)(seconds * 1e6);
  for (uint64_t now; (now = now_us()) < end;) {
    if (!may_publish() && tally.answered == tally.published) return;
    uint64_t wait = publish_due(now, start);
    bystander_turn(now, outstanding() > 0);
    turn(wait < end - now ? wait : end - now);
  }
}

uint64_t drain(void) {
  uint64_t now = now_us(), last = now, seen = delivered_in_all + tally.answered, end = now + (uint64_t)(opt.drain_s * 1e6);
  while ((outstanding() > 0 || tally.answered < tally.published) && (now = now_us()) < end) {
    turn(1000);
    if (delivered_in_all + tally.answered != seen) {
      seen = delivered_in_all + tally.answered;
      last = now_us();
    }
  }
  return last;
}
