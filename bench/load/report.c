#include "load.h"

#include <inttypes.h>
#include <stdio.h>

double per(double amount, double count) { return count > 0 ? amount / count : 0; }

void report(const Measures *m) {
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
  printf("\"clientUtilisation\":%.3f,\"foreignUtilisation\":%.3f,", per((double)handling_us, (double)m->run_us), foreign > 0 ? per(foreign, seconds) : 0);
  printf("\"restSeconds\":%.3f,\"restCpuSeconds\":%.2f,\"pollAnswers\":%" PRIu64 ",", m->rest_s, m->rest_cpu_s, tally.poll_answers);
  notes_print();
  printf("}\n");
  fflush(stdout);
}
