// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the frequency of the time stamp counter in kHz, for tsc_early_khz=. An emulated guest
 * reads the host's counter, but often fails to find its frequency.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(void)
{
	long long from = now_ns(), ns;
	unsigned long long ticks = __rdtsc();

	usleep(200000);
	ns = now_ns() - from;
	ticks = __rdtsc() - ticks;
	printf("%.0f\n", (double)ticks * 1e6 / (double)ns);
	return 0;
}
