#include "load.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static double machine_busy_ticks(void) {
  unsigned long user, nice, system, idle, iowait, irq, softirq;
  FILE *file = fopen("/proc/stat", "r");
  if (file == NULL) return 0;
  int fields = fscanf(file, "cpu %lu %lu %lu %lu %lu %lu %lu", &user, &nice, &system, &idle, &iowait, &irq, &softirq);
  fclose(file);
  return fields == 7 ? (double)(user + nice + system + irq + softirq) : 0;
}

Sample take_sample(void) {
  Sample sample = {0};
  double ticks_per_s = (double)sysconf(_SC_CLK_TCK);
  sample.machine_busy_s = machine_busy_ticks() / ticks_per_s;
  if (opt.server_pid == 0) return sample;

  char path[64], text[2048];
  snprintf(path, sizeof path, "/proc/%d/stat", opt.server_pid);
  FILE *file = fopen(path, "r");
  if (file == NULL) die("the server process %d is gone", opt.server_pid);
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = 0;

  /* The name of a process may hold blanks and brackets: the fields are counted from the last bracket (proc(5)). */
  char *fields = strrchr(text, ')');
  unsigned long user, system;
  long pages;
  if (fields != NULL && sscanf(fields + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %*u %*u %ld",
                               &user, &system, &pages) == 3) {
    sample.user_s = (double)user / ticks_per_s;
    sample.system_s = (double)system / ticks_per_s;
    sample.rss_kb = pages * (sysconf(_SC_PAGESIZE) / 1024);
  }
  return sample;
}
