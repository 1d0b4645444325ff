/* SPDX-License-Identifier: GPL-2.0-only */
/* hmmu_holders(): verify()'s tally of references and locks, with the names of those who have them. */
#include <errno.h>

#include "machine/verify.h"

/* A free device page of 4.14 has a reference of its device; nobody asks for it. */
void note_holder(struct verify *v, const struct hmmu_holder *holder)
{
	struct holder_list *list = v->holders;
	u32 head = compound_head(v->m, holder->pfn);

	if (list->head ? list->head != head : page_is_free(v->m, holder->pfn))
		return;
	if (list->count < list->capacity)
		list->out[list->count] = *holder;
	list->count++;
}

int hmmu_holders(struct hmmu *m, uint32_t pfn, struct hmmu_holder *out, uint32_t capacity)
{
	struct holder_list list = { .out = out, .capacity = capacity };
	struct verify v = { .m = m, .holders = &list };
	bool counted;

	if (m->in_page_free)
		return check_outside_page_free(m);
	if (pfn && !pfn_valid(m, pfn))
		return hmmu_fail(m, -EINVAL, HMMU_ERR_NO_PAGE, "page %u: there are 1 to %u", pfn, m->pfn_end - 1);
	if (pfn && page_is_free(m, pfn))
		return 0;
	list.head = pfn ? compound_head(m, pfn) : 0;
	counted = tallies_alloc(&v);
	if (counted)
		tally_all(&v);
	tallies_free(&v);
	if (!counted)
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for the tallies");
	return (int)list.count;
}
