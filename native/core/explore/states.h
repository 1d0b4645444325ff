/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file states.h The states that a search has met, and where steps lead. Workers add to it at the same time. A state keeps its
 * number and its place; numbers are those of the first come, so nothing that is told may depend on them (see graph.h).
 */
#ifndef HMMU_STATES_H
#define HMMU_STATES_H

#include "host/threads.h"

#define NO_STATE UINT32_MAX
#define STATE_SHARDS 64u
#define STATE_CHUNKS 23u
#define FIRST_STATES 1024u

/** A state. */
struct met_state {
	uint64_t hash;
	uint32_t from;    /**< the state in which the step was made that has met it first; NO_STATE: it is the first */
	uint16_t enabled; /**< a bit for each task that can run */
	uint8_t by;       /**< whose step it was */
};

/** States whose hashes begin with the same bits. */
struct state_shard {
	struct host_lock lock;
	uint32_t *table; /**< open addressing: number of a state + 1 */
	uint32_t size;   /**< a power of two */
	uint32_t used;
};

struct states {
	/** Chunks double the number of states, so that none moves. */
	struct met_state *chunks[STATE_CHUNKS];
	uint32_t *next[STATE_CHUNKS]; /**< of each state, where each task's step leads; NO_STATE: it was not made */
	struct state_shard shards[STATE_SHARDS];
	struct host_lock growth;
	uint32_t count; /**< atomic */
	uint32_t tasks;
	bool is_shared; /**< by several workers: locks are taken */
};

void states_begin(struct states *states, uint32_t tasks);
void states_end(struct states *states);
/** The state of a hash, which is made if there is none; NO_STATE: the host has no memory. */
uint32_t states_meet(struct states *states, uint64_t hash, uint32_t from, uint8_t by, bool *is_new);

static inline uint32_t states_count(const struct states *states)
{
	return __atomic_load_n(&states->count, __ATOMIC_RELAXED);
}

/* The chunk of a state, and its place there. */
static inline uint32_t state_chunk(uint32_t *state)
{
	uint32_t chunk = *state < FIRST_STATES ? 0 : 22u - (uint32_t)__builtin_clz(*state);

	if (chunk)
		*state -= FIRST_STATES << (chunk - 1);
	return chunk;
}

static inline struct met_state *state_at(const struct states *states, uint32_t state)
{
	uint32_t chunk = state_chunk(&state);

	return &__atomic_load_n(&states->chunks[chunk], __ATOMIC_ACQUIRE)[state];
}

/** Where a step leads. Only the worker that makes the step may write. */
static inline uint32_t *state_next(const struct states *states, uint32_t state, uint32_t task)
{
	uint32_t chunk = state_chunk(&state);

	return &states->next[chunk][(uint64_t)state * states->tasks + task];
}

#endif
