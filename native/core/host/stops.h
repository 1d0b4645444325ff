/* SPDX-License-Identifier: GPL-2.0-only */
/** @file stops.h Calls that have stopped at a switching point, each on its task's own stack. */
#ifndef HMMU_STOPS_H
#define HMMU_STOPS_H

#include "host/types.h"

/** Tasks with numbers below can have a stack. */
#define STACK_TASKS 1024u
#define STACK_BYTES (128u << 10)

/**
 * What a function in the middle of a call has at hand, besides what tasks and migrations say of themselves. Functions around it
 * may have more. It is on the call's stack.
 */
struct at_hand {
	const struct at_hand *outer;
	const u32 *pages; /**< pages to which it has a reference each */
	u32 nr_pages;
	u32 page;        /**< one that it only looks at; 0: none */
	u32 rmap;        /**< whose lock it has, as page.mapping names it: an anon_vma or a file; 0: none */
	bool locked;     /**< it has the locks of its pages */
	bool rmap_write; /**< it has the lock of the reverse map for writing */
	u32 flush_mm;    /**< address space whose TLBs are still to be flushed, in a range; 0: none */
	u64 flush_start, flush_end;
	u64 place; /**< how far it is */
};

/** Where a call has stopped, and all that its future depends on besides the machine. */
struct stop {
	u32 wait;           /**< SWITCH or RMAP_LOCK; 0: it has not stopped */
	u32 point;          /**< enum hmmu_switch_point; 0 if it waits for a lock */
	u32 awaited[2];     /**< the locks for which it waits, as in at_hand.rmap */
	bool awaited_write; /**< for writing */
	struct at_hand hand;
	/** A part of the stack in which nothing stands. */
	const u8 *unused;
	u64 unused_bytes;
};

/** The stack of a task. */
struct task_stack {
	u8 *at; /**< where it stands; NULL: nothing runs there */
	void (*work)(struct hmmu *m, void *data);
	void *data;
	const struct at_hand *at_hand; /**< of the functions that have called each other there, the innermost */
	struct stop stop;
};

struct stops {
	struct hmmu *m;
	u8 *memory;  /**< of all stacks */
	u8 *runner;  /**< where the stack stands that runs the others */
	u32 running; /**< task whose stack runs; 0: none */
	u32 pressed; /**< it runs because a call that can't stop needs a lock that it has; 0: none does */
	u32 end;     /**< no task from here on has ever had a stack */
	struct task_stack of[STACK_TASKS];
};

static inline u8 *stack_top(const struct stops *stops, u32 task)
{
	return stops->memory + (u64)(task + 1) * STACK_BYTES;
}

#endif
