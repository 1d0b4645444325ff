/* SPDX-License-Identifier: GPL-2.0-only */
/* The states that a search has met. */
#include "explore/states.h"

#include <string.h>

#include "host/platform.h"

#define FIRST_TABLE 16u

void states_begin(struct states *states, uint32_t tasks)
{
	*states = (struct states){ .tasks = tasks };
	host_lock_init(&states->growth);
	for (uint32_t i = 0; i < STATE_SHARDS; i++)
		host_lock_init(&states->shards[i].lock);
}

void states_end(struct states *states)
{
	if (!states->tasks)
		return;
	for (uint32_t i = 0; i < STATE_CHUNKS; i++) {
		platform_free(states->chunks[i]);
		platform_free(states->next[i]);
	}
	for (uint32_t i = 0; i < STATE_SHARDS; i++) {
		platform_free(states->shards[i].table);
		host_lock_destroy(&states->shards[i].lock);
	}
	host_lock_destroy(&states->growth);
	states->tasks = 0;
}

static uint32_t *slot_of(const struct states *states, const struct state_shard *shard, uint64_t hash)
{
	uint32_t mask = shard->size - 1, i = (uint32_t)(hash >> 24) & mask;

	while (shard->table[i] && state_at(states, shard->table[i] - 1)->hash != hash)
		i = (i + 1) & mask;
	return &shard->table[i];
}

/* Room for one more in the table. */
static bool grow_table(const struct states *states, struct state_shard *shard)
{
	uint32_t *before = shard->table, size = shard->size;
	uint32_t *table;

	if (size && shard->used < size / 2)
		return true;
	table = platform_alloc((size ? size * 2ull : FIRST_TABLE) * sizeof(*table));
	if (!table)
		return false;
	shard->table = table;
	shard->size = size ? size * 2 : FIRST_TABLE;
	for (uint32_t i = 0; i < size; i++)
		if (before[i])
			*slot_of(states, shard, state_at(states, before[i] - 1)->hash) = before[i];
	platform_free(before);
	return true;
}

static bool add_chunk(struct states *states, uint32_t chunk)
{
	uint64_t count = chunk ? (uint64_t)FIRST_STATES << (chunk - 1) : FIRST_STATES;
	struct met_state *made = platform_alloc_raw(count * sizeof(*made));
	uint32_t *next = platform_alloc_raw(count * states->tasks * sizeof(*next));

	if (!made || !next) {
		platform_free(made);
		platform_free(next);
		return false;
	}
	states->next[chunk] = next;
	__atomic_store_n(&states->chunks[chunk], made, __ATOMIC_RELEASE);
	return true;
}

static bool has_chunk(struct states *states, uint32_t chunk)
{
	bool there = __atomic_load_n(&states->chunks[chunk], __ATOMIC_ACQUIRE) != NULL;

	if (there)
		return true;
	host_lock_take(&states->growth);
	there = states->chunks[chunk] || add_chunk(states, chunk);
	host_lock_release(&states->growth);
	return there;
}

/* The next number, with room for its state. */
static uint32_t new_number(struct states *states)
{
	uint32_t number = states_count(states), place;

	do {
		place = number;
		if (number >= UINT32_MAX / 2 || !has_chunk(states, state_chunk(&place)))
			return NO_STATE;
	} while (!__atomic_compare_exchange_n(&states->count, &number, number + 1, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return number;
}

static uint32_t meet(struct states *states, struct state_shard *shard, const struct met_state *state, bool *is_new)
{
	uint32_t *slot, number;

	*is_new = false;
	if (!grow_table(states, shard))
		return NO_STATE;
	slot = slot_of(states, shard, state->hash);
	if (*slot)
		return *slot - 1;
	number = new_number(states);
	if (number == NO_STATE)
		return NO_STATE;
	*state_at(states, number) = *state;
	memset(state_next(states, number, 0), 0xff, states->tasks * sizeof(uint32_t));
	*slot = number + 1;
	shard->used++;
	*is_new = true;
	return number;
}

uint32_t states_meet(struct states *states, uint64_t hash, uint32_t from, uint8_t by, bool *is_new)
{
	const struct met_state state = { .hash = hash, .from = from, .by = by };
	struct state_shard *shard = &states->shards[hash >> 58];
	uint32_t number;

	if (!states->is_shared)
		return meet(states, shard, &state, is_new);
	host_lock_take(&shard->lock);
	number = meet(states, shard, &state, is_new);
	host_lock_release(&shard->lock);
	return number;
}
