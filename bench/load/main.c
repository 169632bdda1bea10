#define _GNU_SOURCE
#include "load.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#define MOST_NOTES 8
#define LONGEST_WAIT_US 20000
#define MEMORY_EVERY_US 50000
#define STALL_US 1000000
#define GOODBYE_US 300000

Tally tally;
static int poller;
static char *notes[MOST_NOTES];
static int note_count;
static bool closing;
static long peak_rss_kb;
static uint64_t handling_us; /* spent on events: with --spin the CPU time of this process says nothing */

uint64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

void note(const char *format, ...) {
  if (closing || note_count == MOST_NOTES) return;
  va_list arguments;
  va_start(arguments, format);
  if (vasprintf(&notes[note_count], format, arguments) < 0) die("out of memory");
  va_end(arguments);
  for (char *c = notes[note_count]; *c != 0; c++) {
    if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ') *c = ' ';
  }
  note_count++;
}

/* Sets the events of a socket; none takes it out of the poller. */
void watch(int fd, int source, int index, uint32_t events, bool again) {
  struct epoll_event event = {.events = events, .data.u64 = (uint64_t)source << 32 | (uint32_t)index};
  if (again && events != 0) epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event);
  else if (events == 0) epoll_ctl(poller, EPOLL_CTL_DEL, fd, NULL);
  else if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl failed");
}

static void follow_memory(uint64_t now) {
  static uint64_t next;
  if (opt.server_pid == 0 || now < next) return;
  next = now + MEMORY_EVERY_US;
  Sample sample = take_sample();
  if (sample.rss_kb > peak_rss_kb) peak_rss_kb = sample.rss_kb;
}

/* One turn of the event loop. Below a millisecond it polls, for the sake of the open loop's schedule. */
static void turn(uint64_t wait_us) {
  struct epoll_event events[256];
  if (wait_us > LONGEST_WAIT_US) wait_us = LONGEST_WAIT_US;
  int count = epoll_wait(poller, events, 256, opt.spin ? 0 : (int)(wait_us / 1000));
  if (count <= 0) return;
  uint64_t begun = now_us();
  for (int i = 0; i < count; i++) {
    int index = (int)(uint32_t)events[i].data.u64;
    if (events[i].data.u64 >> 32 == SOURCE_PUBLISHER) publisher_event(index, events[i].events);
    else subscriber_event(index);
  }
  uint64_t now = now_us();
  handling_us += now - begun;
  follow_memory(now);
}

static void turn_for(uint64_t us) {
  for (uint64_t end = now_us() + us, now; (now = now_us()) < end;) turn(end - now);
}

/* ---- the phases */

static void connect_all(void) {
  uint64_t start = now_us();
  while (census.ready + census.failed + census.closed < opt.connections) {
    double elapsed_s = (double)(now_us() - start) * 1e-6;
    if (elapsed_s > opt.timeout_s) {
      note("%d connections were not ready in time", census.pending);
      return;
    }
    while (census.started < opt.connections && census.pending < opt.handshakes_in_flight &&
           (opt.connects_per_second <= 0 || census.started < elapsed_s * opt.connects_per_second)) {
      subscriber_start();
    }
    turn(opt.connects_per_second > 0 ? 1000 : LONGEST_WAIT_US);
  }
}

static uint64_t expect_each, written_off;

static uint64_t outstanding(void) {
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

static void publish_for(double seconds, uint64_t start) {
  uint64_t end = now_us() + (uint64_t)(seconds * 1e6);
  for (uint64_t now; (now = now_us()) < end;) {
    if (!may_publish() && tally.answered == tally.published) return;
    uint64_t wait = publish_due(now, start);
    bystander_turn(now, outstanding() > 0);
    turn(wait < end - now ? wait : end - now);
  }
}

/* Deliveries and answers under way still count. Returns the time of the last one. */
static uint64_t drain(void) {
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

/* ---- the report */

typedef struct {
  Sample idle, connected, start, end; /* of the server */
  double own_start_s, own_end_s;      /* CPU time of this process */
  uint64_t connect_us, begun_us, run_us; /* a run that publishes nothing begins with the first connection */
  int connected_count;
} Measures;

static double own_cpu_s(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + 1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static double per(double amount, double count) { return count > 0 ? amount / count : 0; }

static void report(const Measures *m) {
  double seconds = (double)m->run_us * 1e-6, connect_s = (double)m->connect_us * 1e-6;
  double user = m->end.user_s - m->start.user_s, system = m->end.system_s - m->start.system_s;
  double connect_cpu = m->connected.user_s + m->connected.system_s - m->idle.user_s - m->idle.system_s;
  double own = m->own_end_s - m->own_start_s;
  double foreign = m->end.machine_busy_s - m->start.machine_busy_s - user - system - own;
  uint64_t wanted = published_in_all * expect_each;

  printf("{\"connections\":%d,\"failed\":%d,\"closed\":%d,\"slowCutOff\":%d,", m->connected_count, census.failed + census.pending,
         census.closed, slow_readers_cut_off());
  printf("\"connectSeconds\":%.3f,\"connectsPerSecond\":%.0f,\"connectCpuUs\":%.2f,", connect_s, per(m->connected_count, connect_s),
         per(connect_cpu * 1e6, m->connected_count));
  histogram_print("connectUs", &connect_time);
  printf("\"published\":%" PRIu64 ",\"publishErrors\":%" PRIu64 ",\"publishesPerSecond\":%.1f,", tally.published,
         tally.publish_errors, per((double)tally.published, seconds));
  histogram_print("answerUs", &tally.answer);
  printf("\"messages\":%" PRIu64 ",\"lost\":%" PRId64 ",\"otherFrames\":%" PRIu64 ",\"bytesPerMessage\":%.2f,", tally.deliveries,
         (int64_t)(wanted - delivered_in_all), tally.other_frames, per((double)tally.payload_bytes, (double)tally.deliveries));
  printf("\"seconds\":%.3f,\"messagesPerSecond\":%.0f,", seconds, per((double)tally.deliveries, seconds));
  histogram_print("latencyUs", &tally.latency);
  histogram_print("pingUs", &tally.ping);
  printf("\"serverUserSeconds\":%.2f,\"serverSystemSeconds\":%.2f,\"serverUtilisation\":%.3f,", user, system, per(user + system, seconds));
  printf("\"cpuUsPerMessage\":%.4f,\"cpuUsPerPublish\":%.3f,", per((user + system) * 1e6, (double)tally.deliveries),
         per((user + system) * 1e6, (double)tally.published));
  printf("\"rssIdleKb\":%ld,\"rssConnectedKb\":%ld,\"rssEndKb\":%ld,\"rssPeakKb\":%ld,", m->idle.rss_kb, m->connected.rss_kb,
         m->end.rss_kb, peak_rss_kb);
  printf("\"clientUtilisation\":%.3f,\"foreignUtilisation\":%.3f,\"notes\":[", per((double)handling_us, (double)m->run_us), foreign > 0 ? per(foreign, seconds) : 0);
  for (int i = 0; i < note_count; i++) printf("%s\"%s\"", i > 0 ? "," : "", notes[i]);
  printf("]}\n");
  fflush(stdout);
}

int main(int argc, char **argv) {
  parse_options(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  poller = epoll_create1(EPOLL_CLOEXEC);
  bool publishes = opt.publish.authority[0] != 0 && opt.body_file != NULL;
  Measures m = {0};

  subscribers_prepare();
  if (opt.collect_path != NULL) publisher_collect();
  m.idle = m.start = take_sample();
  m.own_start_s = own_cpu_s();
  uint64_t start = m.begun_us = now_us();
  connect_all();
  m.connect_us = now_us() - start;
  m.connected = take_sample();
  m.connected_count = census.ready;
  turn_for((uint64_t)(opt.settle_s * 1e6));
  if (opt.collect_path != NULL) {
    publisher_collect();
    m.connected.rss_kb = take_sample().rss_kb;
  }

  int readers = census.ready - opt.slow_readers;
  expect_each = (uint64_t)(opt.expect >= 0 ? opt.expect : readers > 0 ? readers : 0);
  if (opt.users == 0) opt.users = opt.connections;
  peak_rss_kb = 0;
  if (publishes) publishers_prepare();
  start = now_us();
  if (publishes && opt.warm_up_s > 0) {
    long count = opt.publish_count;
    opt.publish_count = -1;
    publish_for(opt.warm_up_s, start);
    opt.publish_count = count;
  }
  memset(&tally, 0, sizeof tally);
  uint64_t ended;
  if (publishes) {
    m.start = take_sample();
    m.own_start_s = own_cpu_s();
    handling_us = 0;
    m.begun_us = now_us();
    publish_for(opt.duration_s, start);
    ended = drain();
  } else {
    turn_for((uint64_t)(opt.duration_s * 1e6));
    ended = now_us();
  }
  m.run_us = ended - m.begun_us;
  m.end = take_sample();
  m.own_end_s = own_cpu_s();
  report(&m);

  bool whole = census.ready == opt.connections && census.closed == 0;
  closing = true;
  subscribers_close();
  turn_for(GOODBYE_US);
  return whole ? 0 : 1;
}
