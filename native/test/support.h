/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file support.h
 * What the C tests share: a small machine with one process, short names for common calls, and assertions that say
 * what they saw. A test opens a rig, works on it and closes it, which asks hmmu_verify() whether all balances.
 */
#ifndef HMMU_TEST_SUPPORT_H
#define HMMU_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "hmmu/hmmu.h"

#define PAGES(n) ((uint64_t)(n)*HMMU_PAGE_SIZE)
#define MIB(n) ((uint64_t)(n) << 20)
/** Pages of the largest range that the arrays of a rig have room for. */
#define RIG_PAGES 1536
/** Two addresses that mappings are put at: on a 2 MiB boundary, and three pages before the next one. */
#define BASE 0x200000000ull
#define BEFORE_BORDER (BASE + MIB(2) - PAGES(3))

/** Page flags that a write fault gives its page, once it is on the LRU. */
#define ANON_FLAGS (HMMU_PG_UPTODATE | HMMU_PG_LRU | HMMU_PG_ACTIVE | HMMU_PG_SWAPBACKED)

struct rig {
	struct hmmu *m;
	uint32_t pid, tid; /**< the first process and its first task */
	uint64_t src[RIG_PAGES], dst[RIG_PAGES];
	uint8_t why[RIG_PAGES];
	struct hmmu_builtin builtin;
	uint32_t
		select; /**< flags of a request: each kind of page if the rig has got Linux 6.12 by run_on_each_kernel() */
};

/** A machine of 4096 frames and 64 device pages, unless @p options say otherwise. */
struct rig *rig_open(const struct hmmu_options *options);
/** Verify, end all processes, see that they have given back everything, and take the machine down. */
void rig_close(struct rig *r);
/** Take a machine down that a test has put out of balance on purpose. */
void rig_discard(struct rig *r);
#define open_rig(...) rig_open(&(struct hmmu_options){ __VA_ARGS__ })
/** Run a group of tests twice: rigs that name no profile are of Linux 4.14, then of Linux 6.12. Returns how many failed. */
#define run_on_each_kernel(tests) run_tests_on_each_kernel(tests, sizeof(tests) / sizeof((tests)[0]))
int run_tests_on_each_kernel(const struct CMUnitTest *tests, size_t count);

/** Fails with the texts of all complaints. */
void assert_clean(struct hmmu *m);
/** How many complaints verify() has; the texts are kept for last_complaint(). */
int complaints(struct hmmu *m);
/** The first complaint of the last complaints(). */
const char *first_complaint(void);
/** The text must have these words. */
void assert_says(const char *text, const char *words);
/** verify() must complain, with these words in its first complaint. */
void assert_complains(struct hmmu *m, const char *words);

/** @name Snapshots
 * @{ */
/** Bytes that the caller frees. */
void *snapshot_of(struct hmmu *m, size_t *size);
/** A copy of the machine, made by a snapshot. NULL: it is refused, and @p error, which may be NULL, tells why. */
struct hmmu *copy_by_snapshot(struct hmmu *m, uint32_t flags, struct hmmu_error *error);
/** A snapshot must be restored. */
void assert_restores(struct hmmu *m);
/** @} */

/** The call must have failed with this errno and this code. */
void assert_failed(struct hmmu *m, int result, int err, uint32_t code);
/** The call must have left the task waiting for this. */
void assert_blocked(struct hmmu *m, int result, uint32_t tid, uint32_t wait);
#define assert_ok(call) assert_int_equal((call), 0)

/** @name Processes and mappings
 * @{ */
uint32_t new_task(struct rig *r, uint32_t pid);
uint32_t do_fork_of(struct rig *r, uint32_t tid);
/** Read-write private anonymous memory without huge pages, where hmmu_mmap() puts it. */
uint64_t map_anon(struct rig *r, uint64_t pages);
uint64_t map_at(struct rig *r, uint64_t address, uint64_t pages, uint32_t kind, uint32_t prot);
/** Anonymous memory on a 2 MiB boundary that wants huge pages. */
uint64_t map_huge(struct rig *r, uint64_t pages);
uint64_t mapped_pages(struct rig *r, uint32_t pid);
/** @} */

/** @name Loads and stores of one byte, by a task
 * @{ */
int store(struct rig *r, uint32_t tid, uint64_t address, uint8_t value);
int load(struct rig *r, uint32_t tid, uint64_t address, uint8_t *value);
/** By the rig's task; they must succeed. write_pages() stores @p value + i to page i. */
void write_pages(struct rig *r, uint64_t address, uint64_t pages, uint8_t value);
void read_pages(struct rig *r, uint64_t address, uint64_t pages);
/** Each page must go to swap. */
void reclaim_range(struct rig *r, uint64_t address, uint64_t pages);
void assert_bytes(struct rig *r, uint32_t tid, uint64_t address, uint64_t pages, uint8_t value);
/** @} */

/** @name Looking
 * @{ */
struct hmmu_entry entry_of(struct rig *r, uint32_t pid, uint64_t address);
uint32_t pfn_at(struct rig *r, uint64_t address);
/** Page flags of the page that the rig's process maps at an address. */
uint32_t flags_at(struct rig *r, uint64_t address);
/** Whether the task's wait is over. */
bool is_ready(struct rig *r, uint32_t tid);
struct hmmu_page_info page_info(struct rig *r, uint32_t pfn);
uint64_t counter(struct rig *r, uint32_t which);
struct hmmu_mm_counters mm_counters(struct rig *r, uint32_t pid);
void assert_kind(struct rig *r, uint64_t address, uint64_t pages, uint32_t kind);
void assert_bits(struct rig *r, uint64_t address, uint32_t bits);
/** Reference count, map count and flags of the page mapped at an address. */
void assert_page(struct rig *r, uint64_t address, int ref, int map, uint32_t flags);
/** @} */

/** @name Migrations over the arrays of the rig, by its task
 * @{ */
struct hmmu_migrate_request request_for(struct rig *r, uint64_t address, uint64_t pages);
/** migrate_vma() with the built-in driver. */
int migrate(struct rig *r, uint64_t address, uint64_t pages, uint32_t to);
int migrate_with(struct rig *r, uint64_t address, uint64_t pages, const struct hmmu_migrate_ops *ops, void *data);
/** Begin one with the built-in driver and run it to the end of a stage. */
struct hmmu_migration *begin_migration(struct rig *r, uint64_t address, uint64_t pages, uint32_t to);
struct hmmu_migration *begin_to(struct rig *r, uint64_t address, uint64_t pages, uint32_t to, uint32_t stage);
/** Every page of the range moved. */
void assert_all_moved(struct rig *r, uint64_t pages);
void assert_why(struct rig *r, uint64_t i, uint32_t why);
/** Flags of src[i] without its page number. */
uint32_t src_flags(const struct rig *r, uint64_t i);
/** @} */

/** A page that a driver has just got: lock it, or give it back. In Linux 6.12 pages of a device come locked. */
void lock_new_page(struct hmmu *m, uint32_t pfn);
void put_new_page(struct hmmu *m, uint32_t pfn);
/** A destination as a driver makes it: allocated, filled, locked; as a word for dst. */
uint64_t device_word(struct hmmu *m);
uint64_t system_word(struct hmmu *m);

/** Take all events out of the ring and return how many were of a type; the last of them in @p last (may be NULL). */
int drain_events(struct rig *r, uint32_t type, struct hmmu_event *last);

#endif
