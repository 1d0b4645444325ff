/* SPDX-License-Identifier: GPL-2.0-only */
/** @file stops.h Calls that have stopped at a switching point, each on its task's own stack. */
#ifndef HMMU_STOPS_H
#define HMMU_STOPS_H

#include "host/types.h"

/** Tasks with numbers below can have a stack. */
#define STACK_TASKS 1024u
#define STACK_BYTES (128u << 10)

/** Where a call has stopped, and all that its future depends on besides the machine. */
struct stop {
	u32 point;        /**< enum hmmu_switch_point */
	u32 nr_pages;     /**< pages to which the call has a reference each */
	const u32 *pages; /**< on its stack */
	u64 numbers[3];   /**< of a flush: its address space and its range */
	/** A part of the stack in which nothing stands. */
	const u8 *unused;
	u64 unused_bytes;
};

/** The stack of a task. */
struct task_stack {
	u8 *at; /**< where it stands; NULL: nothing runs there */
	void (*work)(struct hmmu *m, void *data);
	void *data;
	struct stop stop; /**< point 0: it has not stopped */
};

struct stops {
	struct hmmu *m;
	u8 *memory;  /**< of all stacks */
	u8 *runner;  /**< where the stack stands that runs the others */
	u32 running; /**< task whose stack runs; 0: none */
	u32 end;     /**< no task from here on has ever had a stack */
	struct task_stack of[STACK_TASKS];
};

static inline u8 *stack_top(const struct stops *stops, u32 task)
{
	return stops->memory + (u64)(task + 1) * STACK_BYTES;
}

#endif
