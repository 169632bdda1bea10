#include "load.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#define GOODBYE_US 300000

Tally tally;

static void arrive(Measures *m) {
  if (opt.collect_path != NULL) publisher_collect();
  m->idle = m->start = take_sample();
  m->own_start_s = own_cpu_s();
  m->begun_us = now_us();
  connect_all();
  m->connect_us = now_us() - m->begun_us;
  m->connected = take_sample();
  m->connected_count = census.ready;
  turn_for((uint64_t)(opt.settle_s * 1e6));
  if (opt.collect_path == NULL) return;
  publisher_collect();
  m->connected.rss_kb = take_sample().rss_kb;
}

/* Nothing happens but what the clients and the server do by themselves. */
static void rest(Measures *m) {
  Sample before = take_sample();
  uint64_t start = now_us();
  turn_for((uint64_t)(opt.duration_s * 1e6));
  Sample after = take_sample();
  m->rest_s = (double)(now_us() - start) * 1e-6;
  m->rest_cpu_s = after.user_s + after.system_s - before.user_s - before.system_s;
}

/* The usual run; true when every connection was made and held. */
static bool run(void) {
  bool publishes = opt.publish.authority[0] != 0 && opt.body_file != NULL;
  Measures m = {0};
  arrive(&m);
  int readers = census.ready - opt.slow_readers;
  expect_each = (uint64_t)(opt.expect >= 0 ? opt.expect : readers > 0 ? readers : 0);
  if (opt.users == 0) opt.users = opt.connections;
  peak_rss_kb = 0;
  if (publishes) publishers_prepare();
  uint64_t start = now_us();
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
    rest(&m);
    ended = now_us();
  }
  m.run_us = ended - m.begun_us;
  m.end = take_sample();
  m.own_end_s = own_cpu_s();
  report(&m);

  return census.ready == opt.connections && census.closed == 0;
}

int main(int argc, char **argv) {
  parse_options(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  loop_prepare();
  subscribers_prepare();
  bool whole = opt.storm ? ride_storm() : run();
  is_closing = true;
  subscribers_close();
  turn_for(GOODBYE_US);
  return whole ? 0 : 1;
}
