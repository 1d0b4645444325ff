/* SPDX-License-Identifier: GPL-2.0-only */
/* What a search has found so far. */
#include <string.h>

#include "explore/finds.h"
#include "host/platform.h"

/* More different findings tell nothing new. */
#define MOST_FINDS 1000u

void finds_begin(struct finds *finds, uint32_t actions)
{
	*finds = (struct finds){ .actions = actions };
}

void finds_end(struct finds *finds)
{
	platform_free(finds->finds);
	platform_free(finds->sightings);
	platform_free(finds->ends);
	platform_free(finds->outcomes);
	platform_free(finds->results);
	platform_free(finds->table);
}

/* Make room for one more item. */
static bool reserve(struct finds *finds, void **array, uint32_t count, uint32_t *capacity, size_t item)
{
	uint32_t larger = *capacity ? *capacity * 2 : 64;
	void *bytes;

	if (count < *capacity)
		return true;
	bytes = platform_alloc_raw((uint64_t)larger * item);
	if (!bytes) {
		finds->is_full = true;
		return false;
	}
	if (count)
		memcpy(bytes, *array, count * item);
	platform_free(*array);
	*array = bytes;
	*capacity = larger;
	return true;
}

/* Which of several equal pages a complaint names depends on the order that has led to the state. */
static bool says_the_same(const char *a, const char *b)
{
	while (*a && *b) {
		bool number = *a >= '0' && *a <= '9' && *b >= '0' && *b <= '9';

		if (!number && *a != *b)
			return false;
		for (a++; number && strchr("0123456789abcdefx", *a) && *a; a++)
			;
		for (b++; number && strchr("0123456789abcdefx", *b) && *b; b++)
			;
	}
	return *a == *b;
}

bool finding_is_same(const struct hmmu_finding *a, const struct hmmu_finding *b)
{
	return a->judge == b->judge && a->task == b->task && a->action == b->action && a->page == b->page &&
	       a->process == b->process && a->found == b->found && says_the_same(a->text, b->text);
}

/* The number of a finding; NO_INDEX: there is no room. */
static uint32_t find_number(struct finds *finds, const struct hmmu_finding *finding)
{
	for (uint32_t i = 0; i < finds->find_count; i++)
		if (finding_is_same(&finds->finds[i].finding, finding))
			return i;
	if (finds->find_count == MOST_FINDS) {
		finds->is_crowded = true;
		return NO_INDEX;
	}
	if (!reserve(finds, (void **)&finds->finds, finds->find_count, &finds->find_capacity, sizeof(struct find)))
		return NO_INDEX;
	finds->finds[finds->find_count] = (struct find){ .finding = *finding, .node = NO_INDEX };
	finds->finds[finds->find_count].finding.times = 0;
	return finds->find_count++;
}

/* A step or an end that shows a finding several times counts once. */
static bool was_just_seen(const struct finds *finds, uint32_t find, uint32_t state)
{
	for (uint32_t i = finds->sighting_count; i-- > 0 && finds->sightings[i].state == state;)
		if (finds->sightings[i].find == find)
			return true;
	return false;
}

void finds_add(struct finds *finds, uint32_t state, const struct hmmu_finding *finding)
{
	uint32_t find = find_number(finds, finding);

	if (find == NO_INDEX || was_just_seen(finds, find, state))
		return;
	if (!reserve(finds, (void **)&finds->sightings, finds->sighting_count, &finds->sighting_capacity,
		     sizeof(struct sighting)))
		return;
	finds->finds[find].finding.times++;
	finds->sightings[finds->sighting_count++] = (struct sighting){ find, state };
}

static uint32_t *outcome_slot(const struct finds *finds, uint64_t hash, const uint64_t *results)
{
	uint32_t mask = finds->outcome_capacity * 2 - 1, i = (uint32_t)(hash >> 32) & mask;

	for (; finds->table[i]; i = (i + 1) & mask) {
		uint32_t outcome = finds->table[i] - 1;

		if (finds->outcomes[outcome].hash == hash && !memcmp(finds->results + (size_t)outcome * finds->actions,
								     results, finds->actions * sizeof(*results)))
			break;
	}
	return &finds->table[i];
}

static bool reserve_outcome(struct finds *finds)
{
	uint32_t capacity = finds->outcome_capacity, same = capacity;
	uint32_t *table;

	if (finds->outcome_count < capacity)
		return true;
	if (!reserve(finds, (void **)&finds->results, finds->outcome_count, &same, finds->actions * sizeof(uint64_t)))
		return false;
	if (!reserve(finds, (void **)&finds->outcomes, finds->outcome_count, &finds->outcome_capacity,
		     sizeof(struct outcome)))
		return false;
	table = platform_alloc(finds->outcome_capacity * 2ull * sizeof(*table));
	if (!table) {
		finds->is_full = true;
		return false;
	}
	platform_free(finds->table);
	finds->table = table;
	for (uint32_t i = 0; i < finds->outcome_count; i++)
		*outcome_slot(finds, finds->outcomes[i].hash, finds->results + (size_t)i * finds->actions) = i + 1;
	return true;
}

/* The number of an outcome; NO_INDEX: there is no room. */
static uint32_t outcome_number(struct finds *finds, const uint64_t *results)
{
	uint64_t hash = 0;
	uint32_t *slot;

	if (!reserve_outcome(finds))
		return NO_INDEX;
	for (uint32_t i = 0; i < finds->actions; i++)
		hash = (hash ^ results[i]) * 0x9e3779b97f4a7c15ull, hash ^= hash >> 32;
	slot = outcome_slot(finds, hash, results);
	if (*slot)
		return *slot - 1;
	memcpy(finds->results + (size_t)finds->outcome_count * finds->actions, results,
	       finds->actions * sizeof(*results));
	finds->outcomes[finds->outcome_count] = (struct outcome){ hash, NO_INDEX };
	*slot = ++finds->outcome_count;
	return *slot - 1;
}

void finds_outcome(struct finds *finds, uint32_t state, const uint64_t *results)
{
	uint32_t outcome = outcome_number(finds, results);

	if (outcome != NO_INDEX &&
	    reserve(finds, (void **)&finds->ends, finds->end_count, &finds->end_capacity, sizeof(struct sighting)))
		finds->ends[finds->end_count++] = (struct sighting){ outcome, state };
}

void finds_merge(struct finds *finds, const struct finds *from)
{
	for (uint32_t i = 0; i < from->sighting_count; i++)
		finds_add(finds, from->sightings[i].state, &from->finds[from->sightings[i].find].finding);
	for (uint32_t i = 0; i < from->end_count; i++)
		finds_outcome(finds, from->ends[i].state, from->results + (size_t)from->ends[i].find * finds->actions);
	finds->is_full |= from->is_full;
	finds->is_crowded |= from->is_crowded;
}

uint64_t finds_bytes(const struct finds *finds)
{
	return finds->find_count * sizeof(struct find) + finds->sighting_count * sizeof(struct sighting) +
	       finds->end_count * sizeof(struct sighting) +
	       finds->outcome_count * (sizeof(struct outcome) + finds->actions * sizeof(uint64_t));
}
