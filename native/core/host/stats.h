/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file stats.h
 * Statistics for hmmu_stats(): plain counts, and a tree of spans. A span is work with a beginning and an end; its
 * parent is the span around it. Statistics are no state of the machine. When off, a span costs one branch.
 */
#ifndef HMMU_STATS_H
#define HMMU_STATS_H

#include "host/machine.h"

struct stats_node {
	u32 span;
	u32 parent; /**< node 0 is the root; the root is not a span */
	u64 runs, entries, cycles;
};

struct stats {
	struct stats_node nodes[HMMU_STATS_NODES];
	u32 used;    /**< nodes, the root included */
	u32 current; /**< node of the innermost open span */
	u32 restart; /**< number of restarts; a span that began before the last one does not count */
	u64 counts[HMMU_STAT_COUNT];
	u64 whys[HMMU_WHY_COUNT];
	u64 tlb_flushes; /**< the machine's counter at the restart */
};

/** An open span. */
struct span {
	u32 node; /**< 0: not counted */
	u32 restart;
	u64 start;
};

struct span span_open(struct hmmu *m, enum hmmu_span kind);
void span_close(struct hmmu *m, const struct span *span, u64 runs, u64 entries);

/** Whether statistics are on. */
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
