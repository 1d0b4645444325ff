/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file bench.h
 * Shared declarations of the benchmark program.
 *
 * A scenario brings a world into a state, and measures operations on it. Every operation depends on the world only, so
 * that it can be timed, or counted by callgrind.
 */
#ifndef BENCH_H
#define BENCH_H

#include <hmmu/hmmu.h>

#define MAX_SHARERS 16u
#define BENCH_SIZES 5
/** Single calls that are timed together: a clock takes as long as a part of one. */
#define SINGLE_CALLS 1000

/** Options of the program. */
struct bench {
	bool instructions;  /**< every operation once, for callgrind */
	uint64_t max_pages; /**< larger sizes are left out */
	double budget_ns;   /**< how long a scenario is repeated */
	bool whole;         /**< 256 GiB once, and nothing else */
	bool growth;        /**< operations on ever more mappings, processes, … */
	const char *only;   /**< run operations of scenarios with this name only */
	uint32_t profile;   /**< enum hmmu_profile */
	const char *kernel; /**< its name */
};

/** The key of a sample. */
struct key {
	const char *op;    /**< "migrate.to-device" */
	const char *state; /**< what the memory was like: "pages", "empty", ... */
	const char *stage; /**< "" for all of the operation */
	uint64_t pages;
	uint32_t processes;
	bool contents;
	const char *profile; /**< of the kernel */
};

/** A machine, a process, a buffer, and the data for operations on them. */
struct world {
	struct bench *bench;
	struct hmmu *m;
	uint32_t pid, tid;
	uint64_t address, pages;
	uint64_t *src, *dst;
	bool contents;
	const char *state;
	struct hmmu_builtin driver;
	struct hmmu_migration *migration;
	uint32_t stage;
	uint32_t children[MAX_SHARERS];
	uint32_t processes; /**< that share the buffer, the first one included */
	void *snapshot;
	size_t snapshot_size;
	struct hmmu *restored;
	uint64_t hash;
};

typedef void (*bench_op)(struct world *w);

/* record.c */
double now_ns(void);
/** Time one run of an operation, or have callgrind count it. */
void measure(struct world *w, const char *op, bench_op run);
/** Time one stage of a migration, or have callgrind count it. */
void measure_stage(struct world *w, const char *op, const char *stage, bench_op run);
/** Record a time that was measured elsewhere. */
void add_sample(const struct key *key, double ns);
/** Whether operations are counted or timed this time; the first repetition only warms up. */
void set_recording(bool on);
void print_results(void);

/* world.c */
/** End the program if a call failed. */
void must(const struct hmmu *m, int result, const char *what);
struct world *world_create(struct bench *bench, uint64_t pages, uint32_t processes, bool contents, const char *state);
void world_destroy(struct world *w);
/** Like world_create(), without buffers; for machines that are only made. */
struct hmmu_options world_options(const struct bench *bench, uint64_t ram_pages, uint64_t device_pages, bool contents);

/* ops.c */
void op_mmap(struct world *w);
void op_mmap_huge(struct world *w);
void op_munmap(struct world *w);
/** To read-only. */
void op_protect(struct world *w);
void op_store_each(struct world *w);
void op_store_runs(struct world *w);
void op_load_each(struct world *w);
void migrate_range(struct world *w, uint32_t to, uint64_t address, uint64_t pages);
/** How many pages come back with each fault on a device page. */
void set_fault_window(struct world *w, uint32_t pages);
void op_to_device(struct world *w);
void op_to_system(struct world *w);
/** Begin a migration that goes on stage by stage. */
void begin_migration(struct world *w, uint32_t to, uint64_t address, uint64_t pages);
void op_begin_to_device(struct world *w);
void op_begin_to_system(struct world *w);
void op_stage(struct world *w);
void op_end(struct world *w);
/** Calls for a single page, SINGLE_CALLS times: there and back; there, and a load that a handler migrates back. */
void op_round_trips(struct world *w);
void op_device_faults(struct world *w);
void op_fork(struct world *w);
void op_exit_child(struct world *w);
void op_memcpy(struct world *w);
void op_clear(struct world *w);
void op_snapshot(struct world *w);
void op_restore(struct world *w);
void op_clone(struct world *w);
void op_drop_restored(struct world *w);
void op_hash(struct world *w);
void op_state_hash(struct world *w);
void op_verify(struct world *w);

/* scenarios.c, growth.c, explore.c, host.c, whole.c */
void run_scenarios(struct bench *bench);
/** What is done to machines as a whole: copies, hashes, verify(). */
void measure_whole(struct world *w);
/** Those on machines without contents, each once, at sizes that double. */
void run_growing_scenarios(struct bench *bench);
void run_growth(struct bench *bench);
void run_explore(struct bench *bench);
void run_host(struct bench *bench);
void run_whole(struct bench *bench);

#endif
