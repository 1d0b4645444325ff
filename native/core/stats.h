/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file stats.h
 * What hmmu_stats() tells: spans, that is pieces of work with a beginning and an end, as a tree by what they are a part
 * of, and plain counts. None of it is state of the machine. Who does not ask for it pays for a branch where a span
 * begins.
 */
#ifndef HMMU_STATS_H
#define HMMU_STATS_H

#include "machine.h"

struct stats_node {
	u32 span;
	u32 parent; /**< node 0 is the root, which is no span */
	u64 runs, entries, cycles;
};

struct stats {
	struct stats_node nodes[HMMU_STATS_NODES];
	u32 used;    /**< nodes, the root included */
	u32 current; /**< of the innermost span that is open */
	u32 restart; /**< spans that were begun before the last restart are forgotten */
	u64 counts[HMMU_STAT_COUNT];
	u64 whys[HMMU_WHY_COUNT];
	u64 tlb_flushes; /**< of the machine at the restart */
};

/** A span that is open. */
struct span {
	u32 node; /**< 0: it is not counted */
	u32 restart;
	u64 start;
};

struct span span_open(struct hmmu *m, enum hmmu_span kind);
void span_close(struct hmmu *m, const struct span *span, u64 runs, u64 entries);

/** Whether somebody wants to know. */
static inline bool counting(const struct hmmu *m)
{
	return __builtin_expect(m->stats != NULL, false);
}
static inline struct span span_begin(struct hmmu *m, enum hmmu_span kind)
{
	return counting(m) ? span_open(m, kind) : (struct span){ .node = 0 };
}
static inline void span_end(struct hmmu *m, const struct span *span, u64 runs, u64 entries)
{
	if (__builtin_expect(span->node != 0, false))
		span_close(m, span, runs, entries);
}
static inline void count_stat(struct hmmu *m, enum hmmu_stat stat)
{
	if (counting(m))
		m->stats->counts[stat]++;
}

#endif
