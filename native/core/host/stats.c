/* SPDX-License-Identifier: GPL-2.0-only */
/* Spans and counts: recording them, and reading them. */
#include "host/stats.h"

#include <errno.h>
#include <string.h>

#include "host/platform.h"

/* Find or make the node of a kind of span below another node; 0 if there is no room. */
static u32 node_below(struct stats *stats, u32 parent, u32 kind)
{
	for (u32 node = parent + 1; node < stats->used; node++)
		if (stats->nodes[node].parent == parent && stats->nodes[node].span == kind)
			return node;
	if (stats->used == HMMU_STATS_NODES)
		return 0;
	stats->nodes[stats->used] = (struct stats_node){ .span = kind, .parent = parent };
	return stats->used++;
}

struct span span_open(struct hmmu *m, enum hmmu_span kind)
{
	struct stats *stats = m->stats;
	struct span span = { .node = node_below(stats, stats->current, kind), .restart = stats->restart };

	if (span.node)
		stats->current = span.node;
	span.start = platform_cycles();
	return span;
}

void span_close(struct hmmu *m, const struct span *span, u64 runs, u64 entries)
{
	u64 now = platform_cycles();
	struct stats *stats = m->stats_kept;
	struct stats_node *node = &stats->nodes[span->node];

	if (!span->node || span->restart != stats->restart)
		return;
	node->runs += runs;
	node->entries += entries;
	node->cycles += now - span->start;
	stats->current = node->parent;
}

int hmmu_stats_enable(struct hmmu *m, bool on)
{
	struct stats *stats = m->stats_kept;
	u32 restart;

	m->stats = NULL;
	if (!on)
		return 0;
	if (!stats)
		stats = m->stats_kept = platform_alloc(sizeof(*stats));
	if (!stats)
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for statistics");
	restart = stats->restart + 1;
	memset(stats, 0, sizeof(*stats));
	stats->used = 1;
	stats->restart = restart;
	stats->tlb_flushes = m->st->counters[HMMU_COUNT_TLB_FLUSHES];
	m->stats = stats;
	return 0;
}

/* A span's own cycles are its cycles less those of the spans inside. */
static void add_spans(const struct stats *stats, struct hmmu_stats *out)
{
	for (u32 i = 1; i < stats->used; i++) {
		const struct stats_node *node = &stats->nodes[i];
		u32 around = stats->nodes[node->parent].span;

		out->spans[node->span].runs += node->runs;
		out->spans[node->span].entries += node->entries;
		out->spans[node->span].cycles += node->cycles;
		if (node->parent)
			out->spans[around].cycles -= node->cycles;
	}
}

void hmmu_stats(const struct hmmu *m, struct hmmu_stats *out)
{
	const struct stats *stats = m->stats_kept;

	memset(out, 0, sizeof(*out));
	out->enabled = m->stats != NULL;
	if (!stats)
		return;
	add_spans(stats, out);
	memcpy(out->counts, stats->counts, sizeof(out->counts));
	memcpy(out->whys, stats->whys, sizeof(out->whys));
	out->counts[HMMU_STAT_TLB_FLUSH] = m->st->counters[HMMU_COUNT_TLB_FLUSHES] - stats->tlb_flushes;
}

int hmmu_stats_tree(const struct hmmu *m, struct hmmu_stats_node *out, uint32_t capacity)
{
	const struct stats *stats = m->stats_kept;
	u32 used = stats ? stats->used - 1 : 0;

	for (u32 i = 0; i < used && i < capacity; i++) {
		const struct stats_node *node = &stats->nodes[i + 1];

		out[i] = (struct hmmu_stats_node){
			.span = node->span,
			.parent = node->parent,
			.runs = node->runs,
			.entries = node->entries,
			.cycles = node->cycles,
		};
	}
	return (int)used;
}
