/* SPDX-License-Identifier: GPL-2.0-only */
/** @file rig.h What tests of drivers share: a machine, a process, and reports that are kept. */
#ifndef KAPI_RIG_H
#define KAPI_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kapi.h"

#define RIG_COHERENT_PAGES 16u

/** A machine with one process, and RIG_COHERENT_PAGES device-coherent pages. */
struct rig {
	struct hmmu *m;
	uint32_t pid;
	uint32_t tid;
};

/** Make a machine, load the program's modules, and make a process. */
struct rig rig_open(uint64_t seed);
/** Unload the modules, and take the machine down. All has to be in order. */
void rig_close(const struct rig *r);

/** Map anonymous memory that may be read and written. */
uint64_t rig_map(const struct rig *r, uint64_t pages);
/** The kind of an entry, enum hmmu_entry_kind. */
uint32_t rig_kind(const struct rig *r, uint64_t address);
/** Store a number to the beginning of each page: @p first + i. */
void rig_fill(const struct rig *r, uint64_t address, uint64_t pages, uint32_t first);
/** Expect these numbers, by loads of the CPU. */
void rig_expect(const struct rig *r, uint64_t address, uint64_t pages, uint32_t first);

/** No check has reported anything. */
void assert_no_reports(void);
/** Exactly so many reports, the last one of this check; they are forgotten. */
void assert_reports(unsigned int count, enum kapi_check check);
/** So many reports more were like earlier ones, and were counted only. */
void assert_more(unsigned int count);
/** The last report has this in its text. Also of reports that were asserted. */
void assert_text(const char *text);
/** Exactly one report. */
void assert_report(enum kapi_check check);
/** The same; and it names a line of a file with this text in its path. */
void assert_report_in(const char *path, enum kapi_check check);

#endif
