/** Headers of the answers, by what they say. Who writes them and who describes them take the names from here. */
export const AnswerHeader = {
  Replayed: 'Idempotency-Replayed',
  Preference: 'Preference-Applied',
  RateLimit: 'RateLimit',
  RatePolicy: 'RateLimit-Policy',
  RetryAfter: 'Retry-After',
} as const;
