#include "load.h"

#include <inttypes.h>
#include <stdio.h>

/* Values below 128 have a bucket each; above, every power of two has 64 buckets. */
static size_t bucket_of(uint64_t value) {
  if (value < 128) return (size_t)value;
  unsigned shift = 63 - (unsigned)__builtin_clzll(value) - 6;
  size_t index = (size_t)shift * 128 + (size_t)(value >> shift);
  return index < HISTOGRAM_BUCKETS ? index : HISTOGRAM_BUCKETS - 1;
}

static uint64_t middle_of(size_t index) {
  size_t shift = index / 128, mantissa = index % 128;
  return shift == 0 ? mantissa : ((uint64_t)mantissa << shift) + ((uint64_t)1 << (shift - 1));
}

void histogram_add(Histogram *h, uint64_t value) {
  h->bucket[bucket_of(value)]++;
  h->count++;
  if (value > h->max) h->max = value;
}

static uint64_t quantile(const Histogram *h, double share) {
  uint64_t wanted = (uint64_t)(share * (double)h->count + 0.5), seen = 0;
  if (wanted == 0) wanted = 1;
  for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
    seen += h->bucket[i];
    if (seen >= wanted) return middle_of(i) < h->max ? middle_of(i) : h->max;
  }
  return h->max;
}

void histogram_print(const char *name, const Histogram *h) {
  if (h->count == 0) {
    printf("\"%s\":null,", name);
    return;
  }
  printf("\"%s\":{\"count\":%" PRIu64 ",\"p50\":%" PRIu64 ",\"p90\":%" PRIu64 ",\"p99\":%" PRIu64 ",\"max\":%" PRIu64 "},", name,
         h->count, quantile(h, 0.5), quantile(h, 0.9), quantile(h, 0.99), h->max);
}
