/* SPDX-License-Identifier: GPL-2.0-only */
/** @file fuzz.h What runs a fuzz program: the program, what it has made so far, and what has to hold. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "balance.h"
#include "hmmu/hmmu.h"
#include "ops.h"

enum {
	MAX_REGIONS = 16,
	MAX_PIDS = 16,
	MAX_TIDS = 32,
	MAX_REFS = 64,
	MAX_MIGRATIONS = 4,
	MAX_INTERVALS = 8,
	MAX_RANGE_PAGES = 1536,     /**< as many as a record can name: three huge pages of hugetlb */
	MAX_MIGRATION_PAGES = 1100, /**< a bit more than two huge pages */
	MAX_DEPTH = 4,              /**< callbacks within callbacks */
	MAX_RECORDS = 2048,
	NO_RESULT = 0xffff,
	MAX_COPIES = 3, /**< they take the time of a hundred other operations */
};

struct region {
	uint64_t address, pages;
};

/** A reference that the program has taken. */
struct ref {
	uint32_t pfn;
	uint8_t kind; /**< 0 pin, 1 hold, 2 isolation, 3 pin for DMA */
};

/** A call of a task, with its arguments as they were when it was made first. */
struct fuzz_call {
	struct fuzz_record record;
	uint32_t tid;
	struct region range; /**< of an access page by page: what is still to do */
	uint64_t to;         /**< of mremap() */
	uint64_t seq;        /**< of hmm_range_fault() */
	bool repeated;
};

struct world;

/** A migration, whole or in steps, with the driver behind it. */
struct fuzz_migration {
	struct world *w;
	struct hmmu_migration *handle; /**< NULL: the slot is free */
	struct fuzz_record driver;
	struct hmmu_builtin builtin;
	uint64_t *src, *dst; /**< exactly as long as asked for, so that a sanitizer sees every word too far */
	uint8_t *why;
	uint64_t pages;
	bool in_callback;
	bool touched;   /**< something else than its driver may have changed what it sees */
	bool threw;     /**< a callback failed */
	uint32_t rules; /**< the driver broke one of these (bits of enum hmmu_rule) */
};

struct world {
	struct hmmu *m;
	const uint8_t *data;
	size_t records, at;
	bool trace;
	unsigned depth;
	unsigned verify_every, since_verify;
	uint32_t ram_pages, device_pages, coherent_pages, pages; /**< every number of a page is below pages */
	bool no_copies;                                          /**< this run goes on with the machine it began with */
	bool wants_hash;                                         /**< of what remains in the end */
	unsigned nr_copies;
	struct balance before; /**< at the start */
	uint32_t last_driver_page;
	unsigned lazy_faults;       /**< device faults that the handler has left alone */
	struct fuzz_record handler; /**< the record that set the fault handler */
	struct region regions[MAX_REGIONS];
	unsigned nr_regions;
	uint32_t pids[MAX_PIDS], tids[MAX_TIDS];
	unsigned nr_pids, nr_tids;
	uint32_t max_pid, max_tid;
	struct fuzz_call blocked[MAX_TIDS]; /**< by tid: the call in which a task is blocked, if the program made it */
	struct fuzz_call *call;             /**< the call that is being made; NULL: the operation is none */
	uint32_t code;                      /**< enum hmmu_error_code of the last result, or NO_RESULT */
	struct ref refs[MAX_REFS];
	unsigned nr_refs;
	struct fuzz_migration migrations[MAX_MIGRATIONS];
	bool migrated; /**< there was a migration */
	bool modern;   /**< Linux 6.12 */
	uint32_t intervals[MAX_INTERVALS];
	uint64_t words[MAX_RANGE_PAGES]; /**< of hmm_range_fault(): what is in them is a request, too */
};

/** Reads what a program does and what comes of it (compare.c). NULL: nobody does. */
extern void (*fuzz_journal)(const char *text);

/** @name world.c
 * @{ */
bool world_open(struct world *w, const uint8_t *data, size_t size);
/** Let go of everything, see that nothing is left, and close. Returns the hash of what remains, if it is wanted. */
uint64_t world_close(struct world *w);
/** Say what a program does, as C, if asked for by the environment variable HMMU_FUZZ_TRACE. */
void trace(const struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Tell the journal what a call has filled in. */
void trace_bytes(const struct world *w, const char *what, const void *bytes, size_t size);
/** Tell the journal the machine's hash and events. */
void trace_state(struct world *w);
/** Report an impossible state and abort. */
void broken(const struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));
/** Abort if verify() complains. */
void check_machine(struct world *w);
/** Check that an error result has a code and a text, and remember the code. Returns @p result. */
int check_result(struct world *w, int result);
/** @} */

/** @name program.c
 * @{ */
/** The next record; false at the end of the program. */
bool next_record(struct world *w, struct fuzz_record *record);
uint32_t record_tid(const struct world *w, const struct fuzz_record *r);
uint32_t record_pid(const struct world *w, const struct fuzz_record *r);
/** Pages for a count byte: 1 to 128 one by one, then in larger steps up to 1152. */
uint64_t fuzz_pages(uint8_t count);
/** The range that a record names; it may reach over both ends of its region. Pages, at least 1. */
struct region record_range(const struct world *w, const struct fuzz_record *r);
void add_region(struct world *w, uint64_t address, uint64_t pages);
void add_process(struct world *w, uint32_t pid);
void add_task(struct world *w, uint32_t tid);
void add_ref(struct world *w, uint32_t pfn, uint8_t kind);
/** @} */

/** Run one record of the program, and those that belong to it. */
void run_record(struct world *w, const struct fuzz_record *record);
/** Do what a record says. Its operation is below FUZZ_OP_COUNT. */
void run_op(struct world *w, const struct fuzz_record *record);
/** Run up to @p count records of the program from within a callback. */
void run_nested(struct world *w, unsigned count);

/** @name ops_memory.c, ops_refs.c, ops_process.c, ops_migrate.c, ops_device.c, ops_mirror.c: false if the record is none of theirs
 * @{ */
bool op_memory(struct world *w, const struct fuzz_record *r);
bool op_refs(struct world *w, const struct fuzz_record *r);
bool op_process(struct world *w, const struct fuzz_record *r);
bool op_migrate(struct world *w, const struct fuzz_record *r);
bool op_device(struct world *w, const struct fuzz_record *r);
bool op_mirror(struct world *w, const struct fuzz_record *r);
/** @} */

/** @name blocked.c
 * @{ */
/** Whether the operation is a call of a task, so that it may block. */
bool is_call(uint8_t op);
/** Run such a record. A blocked task repeats its own call instead, or sees that another one is refused. */
void run_call(struct world *w, const struct fuzz_record *record);
/** The next call of a task is none that the program can repeat. */
void forget_blocked(struct world *w, uint32_t tid);
/** @} */

/** ops_copy.c: snapshots and clones, which go on as the machine itself would. */
void op_copy(struct world *w, const struct fuzz_record *r);
/** ops_wild.c: arguments that no caller should give. */
void op_wild(struct world *w, const struct fuzz_record *r);
/** notifier.c: a notifier that looks around and is refused what it may not do. */
void set_notifier(struct world *w);
/** See that a callback in the middle of a call can't enter the kernel. */
void check_refused(struct world *w);
/** driver.c: the operations of a struct fuzz_migration. */
extern const struct hmmu_migrate_ops fuzz_driver_ops;
/** Fill in dst of a migration by calls, which has no callbacks. */
void fill_words(struct fuzz_migration *mig);
/** Whether a page that a driver has just got is locked: those of a device are in Linux 6.12. */
bool comes_locked(const struct world *w, uint32_t pfn);
/** One of the few owners that devices have. */
uint64_t fuzz_owner(uint8_t number);
/** Have device faults handled as the record says (ops_migrate.c). */
void set_fault_handler(struct world *w, const struct fuzz_record *r);
/** A migration has ended with @p result: see that this is what its driver deserves, and forget it. */
void migration_ended(struct fuzz_migration *mig, int result);

#endif
