#define _GNU_SOURCE
#include "load.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * A reconnect storm, on one server and with the same clients throughout:
 *
 *   all connect; a rehearsal of what follows, so that the server's code is compiled
 *   cut all, let all come back without a cursor                         bare handshakes, before
 *   cut all, publish what they miss, let all come back with a cursor    the storm
 *   cut all, let all come back without a cursor                         bare handshakes, after
 *
 * Times count from the first connect of a phase, for all clients want to come back at that moment: what one waits for its
 * turn is a part of what it waits. As many handshakes are under way in the storm as in the bare phases. Between a cut and
 * the return the server is left alone until it has cleaned up.
 */

#define QUIET_S 0.02
#define QUIET_STEP_US 100000
#define QUIET_STEPS 3
#define MOST_STEPS 150

typedef struct {
  double seconds, cpu_us, client_use; /* until all were there; CPU time of the server for each client; use of this process */
  Histogram welcome;                  /* until a client was welcome, from its own connect */
} Phase;

static Phase bare[2], storm;
static Histogram catch_up; /* until a client had the last message that it had missed, from the start of the storm */
static uint64_t begun_us, resumed, gaps, repeated;
static int complete;

void storm_note_message(Subscriber *s, uint64_t now) {
  s->caught_up++;
  if (s->caught_up > opt.missed) repeated++;
  if (s->caught_up != opt.missed) return;
  complete++;
  histogram_add(&catch_up, now - begun_us);
}

void storm_note_text(const unsigned char *text, size_t length) {
  static const char is_resumed[] = "\"resumed\":true", gap[] = "\"push:gap\"";
  if (memmem(text, length, is_resumed, sizeof is_resumed - 1) != NULL) resumed++;
  else if (memmem(text, length, gap, sizeof gap - 1) != NULL) gaps++;
}

/* Until the server has used next to nothing for a while. */
static void wait_until_quiet(void) {
  double last = -1;
  for (int step = 0, quiet = 0; step < MOST_STEPS && quiet < QUIET_STEPS; step++) {
    turn_for(QUIET_STEP_US);
    Sample sample = take_sample();
    double used = sample.user_s + sample.system_s;
    quiet = used - last < QUIET_S ? quiet + 1 : 0;
    last = used;
  }
}

static void cut(bool resume) {
  subscribers_cut(resume);
  wait_until_quiet();
}

static Sample begin_phase(void) {
  connect_time = (Histogram){0};
  handling_us = 0;
  Sample before = take_sample();
  begun_us = now_us();
  return before;
}

static void end_phase(Phase *phase, Sample before) {
  Sample after = take_sample();
  double used = after.user_s + after.system_s - before.user_s - before.system_s;
  phase->seconds = (double)(now_us() - begun_us) * 1e-6;
  phase->cpu_us = per(used * 1e6, opt.connections);
  phase->client_use = per((double)handling_us * 1e-6, phase->seconds);
  phase->welcome = connect_time;
}

static void return_bare(Phase *phase) {
  cut(false);
  Sample before = begin_phase();
  connect_all();
  end_phase(phase, before);
}

static void publish_missed(void) {
  memset(&tally, 0, sizeof tally);
  publish_for(opt.timeout_s, now_us());
  if (tally.answered < (uint64_t)opt.publish_count) note("only %" PRIu64 " publishes were answered in time", tally.answered);
}

static void return_with_cursor(void) {
  cut(true);
  publish_missed();
  wait_until_quiet();
  catch_up = (Histogram){0};
  resumed = gaps = repeated = 0;
  complete = 0;
  Sample before = begin_phase();
  connect_all();
  uint64_t end = now_us() + (uint64_t)(opt.drain_s * 1e6);
  while (complete < census.ready && now_us() < end) turn(1000);
  end_phase(&storm, before);
}

static void report_storm(double foreign) {
  printf("{\"connections\":%d,\"failed\":%d,\"closed\":%d,", census.ready, census.failed + census.pending, census.closed);
  printf("\"missed\":%d,\"incomplete\":%d,\"repeated\":%" PRIu64 ",\"resumed\":%" PRIu64 ",\"gaps\":%" PRIu64 ",", opt.missed,
         opt.connections - complete, repeated, resumed, gaps);
  printf("\"bareSeconds\":[%.3f,%.3f],\"bareCpuUs\":[%.1f,%.1f],", bare[0].seconds, bare[1].seconds, bare[0].cpu_us, bare[1].cpu_us);
  histogram_print("bareWelcomeUs", &bare[1].welcome);
  printf("\"stormSeconds\":%.3f,\"stormCpuUs\":%.1f,", storm.seconds, storm.cpu_us);
  histogram_print("catchUpUs", &catch_up);
  histogram_print("stormWelcomeUs", &storm.welcome);
  printf("\"published\":%" PRIu64 ",\"publishErrors\":%" PRIu64 ",\"clientUtilisation\":%.3f,\"foreignUtilisation\":%.3f,", tally.published,
         tally.publish_errors, storm.client_use, foreign);
  notes_print();
  printf("}\n");
  fflush(stdout);
}

bool ride_storm(void) {
  expect_each = 0; /* nobody is there when messages are published */
  publishers_prepare();
  connect_all();
  return_with_cursor();
  Sample before = take_sample();
  double own_before_s = own_cpu_s();
  uint64_t start = now_us();
  return_bare(&bare[0]);
  return_with_cursor();
  return_bare(&bare[1]);
  Sample after = take_sample();
  double foreign = after.machine_busy_s - before.machine_busy_s - (own_cpu_s() - own_before_s) -
                   (after.user_s + after.system_s - before.user_s - before.system_s);
  report_storm(foreign > 0 ? per(foreign, (double)(now_us() - start) * 1e-6) : 0);
  return census.ready == opt.connections && census.closed == 0;
}
