/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lock order. Two threads that take two locks in opposite orders can wait for each other for ever, even if these two never
 * met in this run. So each order is remembered as an edge from class to class, and a circle of edges is reported.
 */
#include "task/lock_order.h"

#include <linux/string.h>

#include "log/report.h"

/** Drivers have few classes; a driver with more is checked as far as these go. */
#define MOST_CLASSES 64u

/** Where a class was first taken under another one. */
struct edge {
	const struct kapi_place *held_at;  /**< NULL: it never was, or in a callback of the kernel */
	const struct kapi_place *taken_at; /**< NULL: it never was */
};

static const char *classes[MOST_CLASSES];
static unsigned int class_count;
static struct edge edges[MOST_CLASSES][MOST_CLASSES];

void lock_order_reset(void)
{
	memset(classes, 0, sizeof(classes));
	memset(edges, 0, sizeof(edges));
	class_count = 0;
}

/* The number of a class, which is known by the address of its name; MOST_CLASSES if there are too many. */
static unsigned int class_of(const char *name)
{
	unsigned int class = 0;

	while (class < class_count && classes[class] != name)
		class ++;
	if (class == class_count && class_count < MOST_CLASSES)
		classes[class_count++] = name;
	return class;
}

/* The first step of a way from one class to another one; MOST_CLASSES if there is none. Walks backward from the end. */
static unsigned int first_step(unsigned int from, unsigned int to)
{
	bool reached[MOST_CLASSES] = { false };
	unsigned int queue[MOST_CLASSES], count = 0;

	queue[count++] = to;
	reached[to] = true;
	for (unsigned int i = 0; i < count; i++) {
		if (edges[from][queue[i]].taken_at)
			return queue[i];
		for (unsigned int class = 0; class < class_count; class ++)
			if (edges[class][queue[i]].taken_at && !reached[class]) {
				reached[class] = true;
				queue[count++] = class;
			}
	}
	return MOST_CLASSES;
}

void lock_order_note(const char *held, const struct kapi_place *held_at, const char *taken,
		     const struct kapi_place *taken_at)
{
	unsigned int from = class_of(held), to = class_of(taken), step;

	/* Locks of one class have an order that only the driver knows. */
	if (from == MOST_CLASSES || to == MOST_CLASSES || from == to || edges[from][to].taken_at)
		return;
	edges[from][to] = (struct edge){ .held_at = held_at, .taken_at = taken_at };
	step = first_step(to, from);
	if (step < MOST_CLASSES)
		report(KAPI_CHECK_LOCK_ORDER, taken_at, "%s is taken under %s; at %s %s was taken under %s", taken,
		       held, place_text(edges[to][step].taken_at), classes[step], taken);
}
