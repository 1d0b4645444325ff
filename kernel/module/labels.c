// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of system pages: numbers, in the order in which dumps meet the pages.
 * A page keeps its number until it is freed, which a tracepoint of the
 * allocator tells.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <trace/events/kmem.h>
#include "module.h"

#define MAX_LABEL 65536

static int *labels; /* by pfn: number + 1, or 0 */
unsigned long or_labels_end;
static unsigned long *labelled; /* the pfns that ever had a number */
static int next_label;

int or_label_of(struct page *page)
{
	unsigned long pfn = page_to_pfn(page);

	if (pfn >= or_labels_end)
		return -1;
	if (!labels[pfn] && next_label < MAX_LABEL) {
		labelled[next_label] = pfn;
		labels[pfn] = ++next_label;
	}
	return labels[pfn] - 1;
}

static void page_freed(void *data, struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), n = 1UL << order;

	if (pfn + n <= or_labels_end)
		memset(labels + pfn, 0, n * sizeof(*labels));
}

/* For the first dump. Where nothing is dumped, pages are freed as without the tracepoint: the benchmark counts that. */
void or_make_labels(void)
{
	if (labels)
		return;
	labels = vzalloc(or_labels_end * sizeof(*labels));
	labelled = vmalloc(MAX_LABEL * sizeof(*labelled));
	BUG_ON(!labels || !labelled || register_trace_mm_page_free(page_freed, NULL));
}

void or_forget_labels(void)
{
	while (next_label)
		labels[labelled[--next_label]] = 0;
}
