/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file probe.h
 * USDT probes for perf, bpftrace and SystemTap, listed in HMMU_PROBES. They are compiled in if the compiler finds
 * <sys/sdt.h> (Debian: systemtap-sdt-dev) and HMMU_NO_PROBES is not defined.
 *
 * A probe is one nop. Its arguments should be values that are already in a register or in memory, so that nothing is
 * computed for the probe.
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
/* Uses the arguments, so that no compiler reports unused variables. */
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
