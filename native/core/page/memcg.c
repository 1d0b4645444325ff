/* SPDX-License-Identifier: GPL-2.0-only */
#include "page/memcg.h"

int hmmu_memcg_set_limit(struct hmmu *m, uint64_t pages)
{
	m->st->memcg_limit = pages;
	return 0;
}

uint64_t hmmu_memcg_charged(const struct hmmu *m)
{
	return m->st->memcg_charged;
}
