/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file ops.h
 * The language of fuzz programs: the first record sets the machine up, each other one is an operation.
 *
 * A record has 8 bytes, so that whatever a mutation does to one leaves the rest of the program as it is. Bytes behind
 * the last whole record are ignored; every value of every byte means something.
 */
#ifndef FUZZ_OPS_H
#define FUZZ_OPS_H

#include <stdint.h>

/** X(name, text): the operations; the op byte is taken modulo their number. New ones go to the end. */
#define FUZZ_OPS(X) \
	X(MAP, "mmap(): x kind, y rights and flags (32: at a border of page tables), count pages") \
	X(UNMAP, "munmap()") \
	X(PROTECT, "mprotect(): x rights") \
	X(ADVISE, "madvise(): x advice") \
	X(LOCK, "mlock()") \
	X(UNLOCK, "munlock()") \
	X(CLEAR, "clear_refs") \
	X(UFFD, "UFFDIO_REGISTER") \
	X(STORE, "a byte x to each page; y & 1: one span over all of them instead") \
	X(LOAD, "a byte of each page; y & 1: one span over all of them instead") \
	X(PIN, "get_user_pages() of one page; x: enum hmmu_pin_flag") \
	X(HOLD, "a reference and the page lock") \
	X(ISOLATE, "isolate_lru_page()") \
	X(DROP, "x: unpin, release or putback; first: which of the references taken; y & 1: of any page") \
	X(FORK, "fork()") \
	X(EXIT, "exit of a process; who is the process") \
	X(PROCESS, "a new process") \
	X(TASK, "x: a new task, destroy, cancel, another CPU") \
	X(DRAIN, "lru_add_drain_all()") \
	X(VERIFY, "verify()") \
	X(LOOK, "dump, mappings, walk, page, counters") \
	X(EVENTS, "x: watch, record types y, read") \
	X(INJECT, "x site, y & 127 which passage, y & 128 from then on") \
	X(MEMCG, "count pages are the limit") \
	X(PAGE_FLAGS, "flags x, y << 8 of the page there") \
	X(MIGRATE, "migrate_vma(); the next record is the driver") \
	X(BEGIN, "the same in steps; the next record is the driver") \
	X(STEP, "y steps of migration x") \
	X(RUN, "migration x up to stage y") \
	X(END, "end of migration x") \
	X(POKE, "a word in src (y & 1) or dst of migration x changes behind its back") \
	X(DRIVER_PAGE, "x: what drivers do with pages, out of a callback") \
	X(FAULT_HANDLER, "x: how device faults are handled") \
	X(WILD, "x: a call with arguments out of all ranges") \
	X(MREMAP, "mremap() to x pages; y: flags, to another region") \
	X(COPY, "x: go on with a clone, with a restored snapshot; a damaged snapshot") \
	X(RECLAIM, "count pages are reclaimed, if the machine has swap; y & 1: in one call") \
	X(REAP, "the OOM reaper comes by") \
	X(NOTIFY, "x & 1: a process gets a notifier, or loses it") \
	X(DEVICE, "x: devices come (count pages, owner y) and go; their owner, driver and pages; which: first") \
	X(DEVICE_RANGE, \
	  "migrate_device_range() in steps: count pages from device page first; the next record is the driver") \
	X(CALLS, "x: migrate_vma_pages() or, y & 1, migrate_vma_finalize() of migration x") \
	X(INTERVAL, "x: interval notifiers come and go; their sequence") \
	X(RANGE_FAULT, "hmm_range_fault(): x flags, y owner and, y / 4, which interval") \
	X(MIRROR, "the loop around it: x flags, y owner") \
	X(EXCLUSIVE, "make_device_exclusive_range() of one page, for owner y") \
	X(TRUNCATE, "ftruncate() of the file mapped there, to x pages")

enum fuzz_op {
#define X(name, text) FUZZ_OP_##name,
	FUZZ_OPS(X)
#undef X
		FUZZ_OP_COUNT
};

/**
 * X(name, rules, text): what a driver does to the entries it is told to misbehave with; rules are the answers (bits
 * of enum hmmu_rule) to it, of which one has to come; 0 where the driver is within its rights, or may be.
 */
#define FUZZ_BREACHES(X) \
	X(NONE, 0, "Nothing: it is a good one.") \
	X(SKIP, 0, "No destination.") \
	X(ERROR, 0, "MIGRATE_PFN_ERROR.") \
	X(OTHER_KIND, 0, "A page of the kind that was not asked for.") \
	X(FORGET, 0, "It allocates and locks a page and does not say so.") \
	X(EXTRA_FLAGS, 0, "MIGRATE and WRITE beside the flags that belong there.") \
	X(DIRTY_FLAGS, 0, "It sets flags of the destination page.") \
	X(THROW, 0, "alloc_and_copy() fails.") \
	X(THROW_LATE, 0, "finalize_and_map() fails.") \
	X(NO_SUCH_PAGE, RULE(DST_NO_SUCH_PAGE), "A page that does not exist.") \
	X(ZERO_PAGE, RULE(DST_NO_SUCH_PAGE), "Page 0, or the zero page.") \
	X(FREE_PAGE, RULE(DST_FREE_PAGE) | RULE(DST_TWICE), "A page that it has freed.") \
	X(FREE_FRAME, RULE(DST_FREE_PAGE), "A frame that nobody has.") \
	X(SOURCE, RULE(DST_IS_SOURCE), "The source itself.") \
	X(TWICE, RULE(DST_TWICE), "The page of the entry before.") \
	X(NOT_LOCKED, RULE(DST_NOT_LOCKED), "A page that is not locked.") \
	X(NOT_SAID_LOCKED, RULE(DST_NOT_LOCKED), "A locked page without LOCKED.") \
	X(WRONG_KIND, RULE(DST_KIND), "DEVICE for a system page, or none for a device page.") \
	X(NO_VALID, RULE(DST_FLAGS), "A page frame number without VALID.") \
	X(ERROR_AND_PAGE, RULE(DST_FLAGS), "VALID and ERROR.") \
	X(IN_USE, RULE(DST_FREE_PAGE) | RULE(DST_IS_SOURCE) | RULE(DST_IN_USE), \
	  "A page that is mapped elsewhere, perhaps as the destination of another migration.") \
	X(TABLE, RULE(DST_FREE_PAGE), "A page table.") \
	X(RANDOM, 0, "Any word.") \
	X(OTHER_DEVICE, 0, "A ZONE_DEVICE page that is not device-private.") \
	X(CHANGE_SRC, RULE(SRC_CHANGED), "src changes.") \
	X(CHANGE_SRC_LATE, RULE(SRC_CHANGED), "src changes in finalize_and_map().") \
	X(CHANGE_DST_LATE, RULE(DST_CHANGED), "dst changes in finalize_and_map().") \
	X(UNLOCK_LATE, 0, "Destinations are unlocked in finalize_and_map().") \
	X(PUT_LATE, 0, "Destinations are put in finalize_and_map().")

enum fuzz_breach {
#define X(name, rules, text) FUZZ_BREACH_##name,
	FUZZ_BREACHES(X)
#undef X
		FUZZ_BREACH_COUNT
};

/** One record. In the first one: who cpus, other device pages, swap, contents, statistics, region profile, first quirks, count RAM,
 * x device and memcg, y & 31 how often to verify, y & 32 whether it has to be the same a second time, y & 192 coherent pages. */
struct fuzz_record {
	uint8_t op; /**< enum fuzz_op; of a driver: bit 0 to system, bit 1 by the built-in driver; in 6.12 bit 2: to the coherent
			     device, bit 3: by calls, bits 4 and 5: no private pages, no system pages are selected, bit 6:
			     another owner, bit 7: coherent pages are selected */
	uint8_t who;    /**< which task or process; FUZZ_OTHER_CALL; of a driver: enum fuzz_breach */
	uint8_t region; /**< which of the mappings made; of a driver: bit i % 8: entry i is skipped */
	uint8_t count;  /**< how many pages, see fuzz_pages(); of a driver: bit i % 8: the breach concerns entry i */
	uint16_t first; /**< which page of the region; of a driver: what random words are made of */
	uint8_t x;      /**< of a driver: operations run in alloc_and_copy() */
	uint8_t y;      /**< of a driver: operations run in finalize_and_map() */
};

#define FUZZ_RECORD_SIZE 8u

/** The record that 8 bytes say. */
static inline struct fuzz_record fuzz_record_at(const uint8_t *p)
{
	return (struct fuzz_record){
		.op = p[0],
		.who = p[1],
		.region = p[2],
		.count = p[3],
		.first = (uint16_t)(p[4] | p[5] << 8),
		.x = p[6],
		.y = p[7],
	};
}

/** A bit of who: a blocked task does not repeat its call. It makes the record's call, which has to be refused. */
#define FUZZ_OTHER_CALL 64u

#endif
