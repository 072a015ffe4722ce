/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reproducible random numbers for the tests
 */
#ifndef KMOD_RANDOM_H
#define KMOD_RANDOM_H

#include <stddef.h>
#include <stdint.h>

static uint64_t random_state;

/* Hashes a counter. */
static inline uint32_t random_next(void)
{
	uint64_t x = random_state += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 32) * 0xd6e8feb86659fd93;
	x = (x ^ x >> 29) * 0xa0761d6478bd642f;
	return x >> 32;
}

/* Returns a number below n. */
static inline uint32_t random_below(uint32_t n)
{
	return (uint64_t)random_next() * n >> 32;
}

static inline int random_one_in(uint32_t n)
{
	return !random_below(n);
}

static inline void random_bytes(unsigned char *to, size_t len)
{
	uint32_t bytes = 0;
	size_t i;

	for (i = 0; i < len; i++, bytes >>= 8) {
		if (i % 4 == 0)
			bytes = random_next();
		to[i] = bytes;
	}
}

#endif /* KMOD_RANDOM_H */
