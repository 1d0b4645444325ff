/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules for drivers. What would crash a kernel, or corrupt it, is found here before it is acted upon: the entry
 * and the rule are named, and everything the driver did is taken back.
 */
#include <errno.h>
#include <string.h>

#include "lru.h"
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

static bool is_source(const struct hmmu_migration *mig, u32 page)
{
	for (u64 i = 0; i < mig->npages; i++)
		if (migrate_pfn_to_page(mig->src[i]) == page)
			return true;
	return false;
}

static enum hmmu_rule check_page(const struct hmmu_migration *mig, u64 word)
{
	const struct hmmu *m = mig->ctx.m;
	u64 number = word >> HMMU_PFN_SHIFT;
	const struct page *page;

	if (!number || number >= m->pfn_end || number == m->zero_pfn)
		return HMMU_RULE_DST_NO_SUCH_PAGE;
	page = page_of(m, (u32)number);
	if (page->users & PAGE_USER_SEEN)
		return HMMU_RULE_DST_TWICE;
	if (page->users & PAGE_USER_DESTINATION)
		return HMMU_RULE_DST_IN_USE;
	if (!(page->users & PAGE_USER_DRIVER))
		return is_source(mig, (u32)number) ? HMMU_RULE_DST_IS_SOURCE : HMMU_RULE_DST_FREE_PAGE;
	if (!(word & HMMU_PFN_LOCKED) || !(page->flags & HMMU_PG_LOCKED) || !(page->users & PAGE_USER_DRIVER_LOCK))
		return HMMU_RULE_DST_NOT_LOCKED;
	if (!(word & HMMU_PFN_DEVICE) != !is_zone_device_page(m, (u32)number))
		return HMMU_RULE_DST_KIND;
	if (page->mapcount || page->mapping || (page->flags & HMMU_PG_LRU))
		return HMMU_RULE_DST_IN_USE;
	return HMMU_RULE_NONE;
}

static enum hmmu_rule check_entry(struct hmmu_migration *mig, u64 i)
{
	const u64 defined = (1u << HMMU_PFN_SHIFT) - 1;
	u64 word = mig->dst[i];
	enum hmmu_rule rule;

	if (mig->src[i] != mig->request.src[i])
		return HMMU_RULE_SRC_CHANGED;
	if (!(word & HMMU_PFN_VALID))
		return word & ~defined ? HMMU_RULE_DST_FLAGS : HMMU_RULE_NONE;
	if (word & HMMU_PFN_ERROR)
		return HMMU_RULE_DST_FLAGS;
	rule = check_page(mig, word);
	if (!rule)
		page_of(mig->ctx.m, migrate_pfn_to_page(word))->users |= PAGE_USER_SEEN;
	return rule;
}

/* After the check: marks go, and with @accepted reference and lock of each page become the migration's. */
static void settle(struct hmmu_migration *mig, bool accepted)
{
	struct hmmu *m = mig->ctx.m;

	for (u64 i = 0; i < mig->npages; i++) {
		u64 number = mig->dst[i] & HMMU_PFN_VALID ? mig->dst[i] >> HMMU_PFN_SHIFT : 0;
		struct page *page = page_of(m, number < m->pfn_end ? (u32)number : 0);

		page->users &= (u8)~PAGE_USER_SEEN;
		if (!accepted || !number)
			continue;
		page->users &= (u8) ~(PAGE_USER_DRIVER | PAGE_USER_DRIVER_LOCK);
		page->users |= PAGE_USER_DESTINATION;
	}
}

void migrate_publish(struct hmmu_migration *mig, u64 from, u64 to)
{
	memcpy(mig->request.src + from, mig->src + from, (to - from) * sizeof(u64));
	memcpy(mig->request.dst + from, mig->dst + from, (to - from) * sizeof(u64));
}

static void discard(struct hmmu *m, u64 word)
{
	u64 number = word & HMMU_PFN_VALID ? word >> HMMU_PFN_SHIFT : 0;

	if (!number || number >= m->pfn_end || !(page_of(m, (u32)number)->users & PAGE_USER_DRIVER))
		return;
	if (page_of(m, (u32)number)->users & PAGE_USER_DRIVER_LOCK)
		unlock_page(m, (u32)number);
	page_of(m, (u32)number)->users &= (u8) ~(PAGE_USER_DRIVER | PAGE_USER_DRIVER_LOCK);
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
	memcpy(mig->dst, mig->request.dst, mig->npages * sizeof(u64));
	discard_all(mig);
}

int migrate_accept_driver(struct hmmu_migration *mig)
{
	enum hmmu_rule rule = HMMU_RULE_NONE;
	u64 i;
	int err;

	memcpy(mig->dst, mig->request.dst, mig->npages * sizeof(u64));
	for (i = 0; i < mig->npages && !rule; i++)
		rule = check_entry(mig, i);
	settle(mig, !rule);
	if (!rule)
		return 0;
	err = migrate_rule_breach(mig, i - 1, rule);
	discard_all(mig);
	return err;
}

int migrate_check_unchanged(struct hmmu_migration *mig)
{
	for (u64 i = 0; i < mig->npages; i++) {
		if (mig->src[i] != mig->request.src[i])
			return migrate_rule_breach(mig, i, HMMU_RULE_SRC_CHANGED);
		if (mig->dst[i] != mig->request.dst[i])
			return migrate_rule_breach(mig, i, HMMU_RULE_DST_CHANGED);
	}
	return 0;
}
