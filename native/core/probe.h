/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file probe.h
 * USDT probes, listed in HMMU_PROBES: places at which perf, bpftrace and SystemTap can look at a machine. They are there
 * if the compiler finds <sys/sdt.h> (Debian: systemtap-sdt-dev) and HMMU_NO_PROBES is not defined; else they vanish.
 *
 * A probe is one nop. Its arguments should be values that are at hand, in a register or in memory, so that nothing is
 * computed for it.
 */
#ifndef HMMU_PROBE_H
#define HMMU_PROBE_H

#include <stdbool.h>

#if !defined(HMMU_NO_PROBES) && defined(__has_include)
#if __has_include(<sys/sdt.h>)
#define SDT_USE_VARIADIC
#include <sys/sdt.h>
#endif
#endif

#if defined(STAP_PROBEV)
#define probe(name, ...) STAP_PROBEV(hmmu, name, __VA_ARGS__)
/* The macros of that header are not ISO C. */
#pragma GCC diagnostic ignored "-Wpedantic"
#else
/* What only a probe uses is used here, too, so that no compiler complains. */
#define probe(name, ...) \
	do { \
		if (false) \
			probe_nothing(0, __VA_ARGS__); \
	} while (false)
static inline void probe_nothing(int first, ...)
{
	(void)first;
}
#endif

#endif
