/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules for drivers. A breach would crash or corrupt a kernel. Here all words are checked before the core acts on
 * any of them. The error names the entry and the rule, and the driver's pages are freed.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "host/events.h"
#include "migrate/migrate.h"

enum hmmu_rule migrate_rule_breach(struct hmmu_migration *mig, u64 i, enum hmmu_rule rule, const char *format, ...)
{
	struct hmmu *m = mig->ctx.m;
	char what[sizeof(m->error.text) / 2];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	hmmu_fail(m, -EINVAL, HMMU_ERR_DRIVER_RULE, "entry %" PRIu64 ": %s", i, what);
	m->error.rule = rule;
	m->error.index = i;
	m->error.address = mig->start + (i << PAGE_SHIFT);
	return rule;
}

/* A page as dumps show it: #12 is a frame of RAM, D3 is device-private page 3, C3 device-coherent page 3. */
struct page_name {
	char text[16];
};

static struct page_name page_name(const struct hmmu *m, u64 pfn)
{
	bool device = is_zone_device_page(m, (u32)pfn), coherent = is_device_coherent_page(m, (u32)pfn);
	u32 base = coherent ? m->coherent_base : device ? m->device_base : 0;
	struct page_name name;

	snprintf(name.text, sizeof(name.text), "%c%u", coherent ? 'C' : device ? 'D' : '#', (u32)pfn - base);
	return name;
}

/* The first word with a page; @p count if there is none. */
static u64 index_of_page(const u64 *words, u64 count, u32 page)
{
	for (u64 i = 0; i < count; i++)
		if (migrate_pfn_to_page(words[i]) == page)
			return i;
	return count;
}

/* Nearly every word is a page that the driver has allocated and locked, and nothing else. Such a word breaks no
 * rule. */
static inline bool plain_destination(const struct hmmu *m, u64 word)
{
	const u64 flags = HMMU_PFN_VALID | (KERNEL >= V6_12 ? 0 : HMMU_PFN_LOCKED | HMMU_PFN_DEVICE | HMMU_PFN_ERROR);
	const u32 users = PAGE_USER_DRIVER | PAGE_USER_DRIVER_LOCK | PAGE_USER_DESTINATION | PAGE_USER_UNWRITTEN;
	u64 number = word >> HMMU_PFN_SHIFT;

	return SHORTCUTS && number < m->pfn_end &&
	       (word & flags) == (HMMU_PFN_VALID | (flags & HMMU_PFN_LOCKED) |
				  (number >= m->device_base ? flags & HMMU_PFN_DEVICE : 0)) &&
	       (page_of(m, number)->flags & users) == (PAGE_USER_DRIVER | PAGE_USER_DRIVER_LOCK);
}

/* The rule that a page breaks which is not the driver's. */
static enum hmmu_rule breach_of_strange_page(struct hmmu_migration *mig, u64 i, u32 page)
{
	const struct hmmu *m = mig->ctx.m;
	const struct page_name name = page_name(m, page);
	u64 other;

	if (page_of(m, page)->flags & PAGE_USER_DESTINATION) {
		other = index_of_page(mig->dst, i, page);
		if (other == i)
			return migrate_rule_breach(mig, i, HMMU_RULE_DST_IN_USE,
						   "page %s is a destination of another migration", name.text);
		return migrate_rule_breach(mig, i, HMMU_RULE_DST_TWICE,
					   "page %s is in dst of entry %" PRIu64 " already", name.text, other);
	}
	other = index_of_page(mig->src, mig->npages, page);
	if (other < mig->npages)
		return migrate_rule_breach(mig, i, HMMU_RULE_DST_IS_SOURCE, "page %s is the source of entry %" PRIu64,
					   name.text, other);
	return migrate_rule_breach(mig, i, HMMU_RULE_DST_FREE_PAGE,
				   "page %s was not allocated by the driver, or is put", name.text);
}

static enum hmmu_rule breach_of_lock(struct hmmu_migration *mig, u64 i, u32 page)
{
	const struct hmmu *m = mig->ctx.m;
	const u32 flags = page_of(m, page)->flags;
	const char *what = !(flags & HMMU_PG_LOCKED)          ? "is not locked"
			   : !(flags & PAGE_USER_DRIVER_LOCK) ? "is locked, but not by the driver"
							      : "is locked, but dst has no LOCKED";

	return migrate_rule_breach(mig, i, HMMU_RULE_DST_NOT_LOCKED, "page %s %s", page_name(m, page).text, what);
}

/* The rule that a word with a page breaks. The migration has already taken over the destinations of earlier entries. */
static enum hmmu_rule breach_of_page(struct hmmu_migration *mig, u64 i, u64 word)
{
	const struct hmmu *m = mig->ctx.m;
	u64 number = word >> HMMU_PFN_SHIFT;
	const struct page *page;
	bool device;

	if (!pfn_valid(m, number) || number == m->zero_pfn)
		return migrate_rule_breach(mig, i, HMMU_RULE_DST_NO_SUCH_PAGE,
					   "there is no page %" PRIu64 " for drivers (pfns are 2 to %u)", number,
					   m->pfn_end - 1);
	page = page_of(m, (u32)number);
	if ((page->flags & (PAGE_USER_DESTINATION | PAGE_USER_DRIVER)) != PAGE_USER_DRIVER)
		return breach_of_strange_page(mig, i, (u32)number);
	if ((KERNEL < V6_12 && !(word & HMMU_PFN_LOCKED)) || !(page->flags & HMMU_PG_LOCKED) ||
	    !(page->flags & PAGE_USER_DRIVER_LOCK))
		return breach_of_lock(mig, i, (u32)number);
	device = is_zone_device_page(m, (u32)number);
	if (KERNEL < V6_12 && !(word & HMMU_PFN_DEVICE) != !device)
		return migrate_rule_breach(mig, i, HMMU_RULE_DST_KIND, "page %s is %s, but dst has %s",
					   page_name(m, number).text, device ? "a device page" : "no device page",
					   device ? "no DEVICE" : "DEVICE");
	if (page->mapcount || page->mapping || (page->flags & HMMU_PG_LRU))
		return migrate_rule_breach(mig, i, HMMU_RULE_DST_IN_USE, "page %s is %s", page_name(m, number).text,
					   page->mapcount  ? "mapped"
					   : page->mapping ? "of the page cache"
							   : "on an LRU list");
	return HMMU_RULE_NONE;
}

static enum hmmu_rule breach_of_word(struct hmmu_migration *mig, u64 i, const char *name, enum hmmu_rule rule, u64 was,
				     u64 is)
{
	return migrate_rule_breach(mig, i, rule, "%s was 0x%" PRIx64 ", and the driver made it 0x%" PRIx64, name, was,
				   is);
}

static enum hmmu_rule breach_of_entry(struct hmmu_migration *mig, u64 i)
{
	const u64 defined = (1u << HMMU_PFN_SHIFT) - 1, word = mig->dst[i], src = mig->request.src[i];

	if (mig->src[i] != src)
		return breach_of_word(mig, i, "src", HMMU_RULE_SRC_CHANGED, mig->src[i], src);
	if (!(word & HMMU_PFN_VALID) && !(word & ~defined))
		return HMMU_RULE_NONE;
	if (!(word & HMMU_PFN_VALID) || (KERNEL < V6_12 && word & HMMU_PFN_ERROR))
		return migrate_rule_breach(mig, i, HMMU_RULE_DST_FLAGS, "dst is 0x%" PRIx64 ": %s", word,
					   word & HMMU_PFN_VALID ? "both VALID and ERROR" : "a page without VALID");
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
static NOINLINE enum hmmu_rule accept_entry(struct hmmu_migration *mig, u64 i, u64 word)
{
	enum hmmu_rule rule = breach_of_entry(mig, i);

	if (rule || !(word & HMMU_PFN_VALID))
		return rule;
	mig->unwritten |= (migrate_word_page(mig->ctx.m, word)->flags & PAGE_USER_UNWRITTEN) != 0;
	change_hands(migrate_word_page(mig->ctx.m, word));
	return HMMU_RULE_NONE;
}

int migrate_accept_driver(struct hmmu_migration *mig)
{
	bool same_src = same_words(mig->src, mig->request.src, mig->npages);
	const struct hmmu *m = mig->ctx.m;

	migrate_copy_words(mig->dst, mig->request.dst, mig->npages);
	for (u64 i = 0; i < mig->npages; i++) {
		u64 word = mig->dst[i];

		if (same_src && plain_destination(m, word)) {
			change_hands(migrate_word_page(m, word));
		} else if (accept_entry(mig, i, word)) {
			give_back(mig, i);
			discard_all(mig);
			return -EINVAL;
		}
	}
	return 0;
}

/* The driver has until now, because the copying may go on until finalize_and_map() waits for its end. */
void migrate_note_unwritten(struct hmmu_migration *mig)
{
	struct hmmu *m = mig->ctx.m;

	for (u64 i = 0; i < mig->npages; i++) {
		u32 page = migrate_pfn_to_page(mig->dst[i]);

		if (!page || !(page_of(m, page)->flags & PAGE_USER_UNWRITTEN))
			continue;
		page_of(m, page)->flags &= ~PAGE_USER_UNWRITTEN;
		if (mig->src[i] & HMMU_PFN_MIGRATE)
			event(m, HMMU_EVENT_UNWRITTEN, mig->ctx.mm, mig->start + (i << PAGE_SHIFT), page);
	}
}

int migrate_check_unchanged(struct hmmu_migration *mig)
{
	if (same_words(mig->src, mig->request.src, mig->npages) && same_words(mig->dst, mig->request.dst, mig->npages))
		return 0;
	for (u64 i = 0; i < mig->npages; i++) {
		const u64 src = mig->request.src[i], dst = mig->request.dst[i];
		enum hmmu_rule rule = HMMU_RULE_NONE;

		if (mig->src[i] != src)
			rule = breach_of_word(mig, i, "src", HMMU_RULE_SRC_CHANGED, mig->src[i], src);
		else if (mig->dst[i] != dst)
			rule = breach_of_word(mig, i, "dst", HMMU_RULE_DST_CHANGED, mig->dst[i], dst);
		if (rule)
			return -EINVAL;
	}
	return 0;
}
