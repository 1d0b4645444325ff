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

#if !defined(HMMU_NO_PROBES) && defined(__has_include)
#if __has_include(<sys/sdt.h>)
#define SDT_USE_VARIADIC
#include <sys/sdt.h>
#endif
#endif

#if defined(STAP_PROBEV)
#define probe(name, ...) STAP_PROBEV(hmmu, name, __VA_ARGS__)
#else
#define probe(name, ...) ((void)0)
#endif

#endif
