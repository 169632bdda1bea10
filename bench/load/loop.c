#define _GNU_SOURCE
#include "load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#define MOST_NOTES 8
#define MEMORY_EVERY_US 50000

uint64_t handling_us;
long peak_rss_kb;
bool is_closing;
static int poller;
static char *notes[MOST_NOTES];
static int note_count;

void loop_prepare(void) { poller = epoll_create1(EPOLL_CLOEXEC); }

uint64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

double own_cpu_s(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + 1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

void note(const char *format, ...) {
  if (is_closing || note_count == MOST_NOTES) return;
  va_list arguments;
  va_start(arguments, format);
  if (vasprintf(&notes[note_count], format, arguments) < 0) die("out of memory");
  va_end(arguments);
  for (char *c = notes[note_count]; *c != 0; c++) {
    if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ') *c = ' ';
  }
  note_count++;
}

void notes_print(void) {
  printf("\"notes\":[");
  for (int i = 0; i < note_count; i++) printf("%s\"%s\"", i > 0 ? "," : "", notes[i]);
  printf("]");
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
void turn(uint64_t wait_us) {
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

void turn_for(uint64_t us) {
  for (uint64_t end = now_us() + us, now; (now = now_us()) < end;) turn(end - now);
}
