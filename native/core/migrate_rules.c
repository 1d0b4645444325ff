/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules for drivers. A breach would crash or corrupt a kernel. Here all words are checked before the core acts on
 * any of them. The error names the entry and the rule, and the driver's pages are freed.
 */
#include <errno.h>

#include "migrate.h"

static const char *const rule_text[] = {
#define X(name, value, text) [value] = text,
	HMMU_RULES(X)
#undef X
};

int migrate_rule_breach(struct hmmu_migration *mig, u64 i, enum hmmu_rule rule)
{
	struct hmmu *m = mig->ctx.m;
	int err = hmmu_fail(m, -EINVAL, HMMU_ERR_DRIVER_RULE, "entry %llu: the driver broke the rule: %s",
			    (unsigned long long)i, rule_text[rule]);

	m->error.rule = rule;
	m->error.index = i;
	m->error.address = mig->start + (i << PAGE_SHIFT);
	return err;
}

static bool has_page(const u64 *words, u64 count, u32 page)
{
	for (u64 i = 0; i < count; i++)
		if (migrate_pfn_to_page(words[i]) == page)
			return true;
	return false;
}

/* Nearly every word is a page that the driver has allocated and locked, and nothing else. Such a word breaks no
 * rule. */
static inline bool plain_destination(const struct hmmu *m, u64 word)
{
	const u64 flags = HMMU_PFN_VALID | HMMU_PFN_LOCKED | HMMU_PFN_DEVICE | HMMU_PFN_ERROR;
	const u32 users = PAGE_USER_DRIVER | PAGE_USER_DRIVER_LOCK | PAGE_USER_DESTINATION;
	u64 number = word >> HMMU_PFN_SHIFT;

	return number < m->pfn_end &&
	       (word & flags) ==
		       (HMMU_PFN_VALID | HMMU_PFN_LOCKED | (number >= m->device_base ? HMMU_PFN_DEVICE : 0)) &&
	       (m->pages[number].flags & users) == (PAGE_USER_DRIVER | PAGE_USER_DRIVER_LOCK);
}

/* The rule that a word with a page breaks. The migration has already taken over the destinations of earlier entries. */
static enum hmmu_rule breach_of_page(const struct hmmu_migration *mig, u64 i, u64 word)
{
	const struct hmmu *m = mig->ctx.m;
	u64 number = word >> HMMU_PFN_SHIFT;
	const struct page *page;

	if (!number || number >= m->pfn_end || number == m->zero_pfn)
		return HMMU_RULE_DST_NO_SUCH_PAGE;
	page = page_of(m, (u32)number);
	if (page->flags & PAGE_USER_DESTINATION)
		return has_page(mig->dst, i, (u32)number) ? HMMU_RULE_DST_TWICE : HMMU_RULE_DST_IN_USE;
	if (!(page->flags & PAGE_USER_DRIVER))
		return has_page(mig->src, mig->npages, (u32)number) ? HMMU_RULE_DST_IS_SOURCE : HMMU_RULE_DST_FREE_PAGE;
	if (!(word & HMMU_PFN_LOCKED) || !(page->flags & HMMU_PG_LOCKED) || !(page->flags & PAGE_USER_DRIVER_LOCK))
		return HMMU_RULE_DST_NOT_LOCKED;
	if (!(word & HMMU_PFN_DEVICE) != !is_zone_device_page(m, (u32)number))
		return HMMU_RULE_DST_KIND;
	if (page->mapcount || page->mapping || (page->flags & HMMU_PG_LRU))
		return HMMU_RULE_DST_IN_USE;
	return HMMU_RULE_NONE;
}

static NOINLINE enum hmmu_rule breach_of_entry(const struct hmmu_migration *mig, u64 i)
{
	const u64 defined = (1u << HMMU_PFN_SHIFT) - 1, word = mig->dst[i];

	if (mig->src[i] != mig->request.src[i])
		return HMMU_RULE_SRC_CHANGED;
	if (!(word & HMMU_PFN_VALID))
		return word & ~defined ? HMMU_RULE_DST_FLAGS : HMMU_RULE_NONE;
	if (word & HMMU_PFN_ERROR)
		return HMMU_RULE_DST_FLAGS;
	return breach_of_page(mig, i, word);
}

/* Move reference and lock of a destination from the driver to the migration, or back. */
static inline void change_hands(struct page *page)
{
	page->flags ^= PAGE_USER_DRIVER | PAGE_USER_DRIVER_LOCK | PAGE_USER_DESTINATION;
}

static void give_back(struct hmmu_migration *mig, u64 count)
{
	for (u64 i = 0; i < count; i++)
		if (migrate_pfn_to_page(mig->dst[i]))
			change_hands(page_of(mig->ctx.m, migrate_pfn_to_page(mig->dst[i])));
}

static void discard(struct hmmu *m, u64 word)
{
	u64 number = word & HMMU_PFN_VALID ? word >> HMMU_PFN_SHIFT : 0;

	if (!number || number >= m->pfn_end || !(page_of(m, (u32)number)->flags & PAGE_USER_DRIVER))
		return;
	if (page_of(m, (u32)number)->flags & PAGE_USER_DRIVER_LOCK)
		unlock_page(m, (u32)number);
	page_of(m, (u32)number)->flags &= ~(u32)(PAGE_USER_DRIVER | PAGE_USER_DRIVER_LOCK);
	put_page(m, (u32)number);
}

static void discard_all(struct hmmu_migration *mig)
{
	for (u64 i = 0; i < mig->npages; i++) {
		discard(mig->ctx.m, mig->dst[i]);
		mig->dst[i] = 0;
	}
}

void migrate_discard_destinations(struct hmmu_migration *mig)
{
	migrate_copy_words(mig->dst, mig->request.dst, mig->npages);
	discard_all(mig);
}

static bool same_words(const u64 *a, const u64 *b, u64 count)
{
	return count == 1 ? *a == *b : !memcmp(a, b, count * sizeof(*a));
}

/* Check entry i's destination, if it has one, and take it over. */
static inline enum hmmu_rule accept_entry(struct hmmu_migration *mig, u64 i, u64 word, bool same_src)
{
	enum hmmu_rule rule;

	if (!same_src || !plain_destination(mig->ctx.m, word)) {
		rule = breach_of_entry(mig, i);
		if (rule || !(word & HMMU_PFN_VALID))
			return rule;
	}
	change_hands(migrate_word_page(mig->ctx.m, word));
	return HMMU_RULE_NONE;
}

int migrate_accept_driver(struct hmmu_migration *mig)
{
	bool same_src = same_words(mig->src, mig->request.src, mig->npages);

	migrate_copy_words(mig->dst, mig->request.dst, mig->npages);
	for (u64 i = 0; i < mig->npages; i++) {
		enum hmmu_rule rule = accept_entry(mig, i, mig->dst[i], same_src);
		int err;

		if (!rule)
			continue;
		give_back(mig, i);
		err = migrate_rule_breach(mig, i, rule);
		discard_all(mig);
		return err;
	}
	return 0;
}

int migrate_check_unchanged(struct hmmu_migration *mig)
{
	if (same_words(mig->src, mig->request.src, mig->npages) && same_words(mig->dst, mig->request.dst, mig->npages))
		return 0;
	for (u64 i = 0; i < mig->npages; i++) {
		if (mig->src[i] != mig->request.src[i])
			return migrate_rule_breach(mig, i, HMMU_RULE_SRC_CHANGED);
		if (mig->dst[i] != mig->request.dst[i])
			return migrate_rule_breach(mig, i, HMMU_RULE_DST_CHANGED);
	}
	return 0;
}
