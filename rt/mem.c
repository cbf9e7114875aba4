/* memcpy, memmove, memset, memcmp and strlen, and their Arm EABI names. Compiled without builtins, so that no
 * loop here is turned into a call to the very function it defines.
 *
 * Two ways to move data: where the ABI's least CPU loads unaligned vectors, 16 bytes at a time, the last
 * (first) 16 read before anything is written, so that both directions are safe for overlapping ranges;
 * elsewhere machine words if source and destination are equally aligned, else bytes. */
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) || defined(__aarch64__) || (defined(__ARM_NEON) && defined(__ARM_FEATURE_UNALIGNED))
typedef uint8_t rt_chunk __attribute__((vector_size(16), aligned(1), may_alias));
#else
typedef uintptr_t rt_chunk __attribute__((may_alias));
#define CHUNKS_ARE_WORDS 1
#endif

#define kChunk sizeof(rt_chunk)
#define RT_INLINE static inline __attribute__((always_inline))

/* Ascending; right for overlapping ranges if d <= s. */
RT_INLINE void copy_up(unsigned char *d, const unsigned char *s, size_t n) {
#ifdef CHUNKS_ARE_WORDS
  if (((uintptr_t)d ^ (uintptr_t)s) % kChunk == 0) {
    for (; n && (uintptr_t)d % kChunk; --n) *d++ = *s++;
    for (; n >= 4 * kChunk; n -= 4 * kChunk, d += 4 * kChunk, s += 4 * kChunk) {
      rt_chunk a = ((const rt_chunk *)s)[0], b = ((const rt_chunk *)s)[1];
      rt_chunk c = ((const rt_chunk *)s)[2], e = ((const rt_chunk *)s)[3];
      ((rt_chunk *)d)[0] = a, ((rt_chunk *)d)[1] = b, ((rt_chunk *)d)[2] = c, ((rt_chunk *)d)[3] = e;
    }
    for (; n >= kChunk; n -= kChunk, d += kChunk, s += kChunk) *(rt_chunk *)d = *(const rt_chunk *)s;
  }
#else
  if (n >= kChunk) {
    unsigned char *end = d + n - kChunk;
    rt_chunk last = *(const rt_chunk *)(s + n - kChunk);
    for (; n >= 4 * kChunk; n -= 4 * kChunk, d += 4 * kChunk, s += 4 * kChunk) {
      rt_chunk a = ((const rt_chunk *)s)[0], b = ((const rt_chunk *)s)[1];
      rt_chunk c = ((const rt_chunk *)s)[2], e = ((const rt_chunk *)s)[3];
      ((rt_chunk *)d)[0] = a, ((rt_chunk *)d)[1] = b, ((rt_chunk *)d)[2] = c, ((rt_chunk *)d)[3] = e;
    }
    for (; n > kChunk; n -= kChunk, d += kChunk, s += kChunk) *(rt_chunk *)d = *(const rt_chunk *)s;
    *(rt_chunk *)end = last;
    return;
  }
#endif
  while (n--) *d++ = *s++;
}

/* Descending; right for overlapping ranges if d >= s. */
RT_INLINE void copy_down(unsigned char *d, const unsigned char *s, size_t n) {
#ifdef CHUNKS_ARE_WORDS
  if (((uintptr_t)d ^ (uintptr_t)s) % kChunk == 0) {
    while (n && (uintptr_t)(d + n) % kChunk) --n, d[n] = s[n];
    for (; n >= kChunk; n -= kChunk) *(rt_chunk *)(d + n - kChunk) = *(const rt_chunk *)(s + n - kChunk);
  }
#else
  if (n >= kChunk) {
    rt_chunk first = *(const rt_chunk *)s;
    for (; n > kChunk; n -= kChunk) *(rt_chunk *)(d + n - kChunk) = *(const rt_chunk *)(s + n - kChunk);
    *(rt_chunk *)d = first;
    return;
  }
#endif
  while (n) --n, d[n] = s[n];
}

RT_INLINE void move(void *d, const void *s, size_t n) {
  /* Upwards, which is the faster, unless d lies within the source (below it the difference wraps round). */
  if ((uintptr_t)d - (uintptr_t)s >= n) {
    copy_up(d, s, n);
  } else {
    copy_down(d, s, n);
  }
}

RT_INLINE void fill(unsigned char *d, unsigned char value, size_t n) {
#ifdef CHUNKS_ARE_WORDS
  if (n >= kChunk) {
    rt_chunk word = (rt_chunk)-1 / 255 * value;
    for (; (uintptr_t)d % kChunk; --n) *d++ = value;
    for (; n >= 4 * kChunk; n -= 4 * kChunk, d += 4 * kChunk)
      ((rt_chunk *)d)[0] = word, ((rt_chunk *)d)[1] = word, ((rt_chunk *)d)[2] = word,
                 ((rt_chunk *)d)[3] = word;
    for (; n >= kChunk; n -= kChunk, d += kChunk) *(rt_chunk *)d = word;
  }
#else
  if (n >= kChunk) {
    rt_chunk c = (rt_chunk){0} + value;
    *(rt_chunk *)(d + n - kChunk) = c;
    for (; n > kChunk; n -= kChunk, d += kChunk) *(rt_chunk *)d = c;
    return;
  }
#endif
  while (n--) *d++ = value;
}

void *memcpy(void *restrict d, const void *restrict s, size_t n) {
  copy_up(d, s, n);
  return d;
}

void *memmove(void *d, const void *s, size_t n) {
  move(d, s, n);
  return d;
}

void *memset(void *d, int value, size_t n) {
  fill(d, (unsigned char)value, n);
  return d;
}

int memcmp(const void *a, const void *b, size_t n) {
  const unsigned char *p = a, *q = b;
  for (; n; --n, ++p, ++q)
    if (*p != *q) return *p - *q;
  return 0;
}

size_t strlen(const char *text) {
  size_t n = 0;
  while (text[n]) ++n;
  return n;
}

#ifdef __arm__
/* Arm's run-time ABI: no result, memset's arguments the other way round, names for aligned operands. */
#define RT_AEABI(suffix)                                                                                \
  void __aeabi_memcpy##suffix(void *restrict d, const void *restrict s, size_t n) { copy_up(d, s, n); } \
  void __aeabi_memmove##suffix(void *d, const void *s, size_t n) { move(d, s, n); }                     \
  void __aeabi_memset##suffix(void *d, size_t n, int value) { fill(d, (unsigned char)value, n); }       \
  void __aeabi_memclr##suffix(void *d, size_t n) { fill(d, 0, n); }
RT_AEABI()
RT_AEABI(4)
RT_AEABI(8)
#endif
