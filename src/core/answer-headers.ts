/** Headers of answers, by what they say. Who writes, reads or describes them takes the names from here. */
export const AnswerHeader = {
  Replayed: 'Idempotency-Replayed',
  Preference: 'Preference-Applied',
  RateLimit: 'RateLimit',
  RatePolicy: 'RateLimit-Policy',
  RetryAfter: 'Retry-After',
  Challenge: 'WWW-Authenticate',
} as const;
