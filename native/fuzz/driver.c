/* SPDX-License-Identifier: GPL-2.0-only */
/* The driver behind the migrations: as good or as bad as its record says, and it knows which rules it breaks. */
#include <errno.h>

#include "fuzz.h"

#define RULE(name) (1u << HMMU_RULE_##name)

static const uint32_t breach_rules[] = {
#define X(name, rules, text) (rules),
	FUZZ_BREACHES(X)
#undef X
};

/** A good driver: gives a page of the wanted kind to each entry that can move, like the built-in driver. */
static bool wanted(const struct fuzz_migration *mig, uint64_t src, uint64_t i)
{
	bool to_device = !(mig->driver.op & 1);

	if (!(src & HMMU_PFN_MIGRATE) || mig->driver.region >> (i % 8) & 1)
		return false;
	return !(src & HMMU_PFN_VALID) || !(src & HMMU_PFN_DEVICE) == to_device;
}

bool comes_locked(const struct world *w, uint32_t pfn)
{
	return w->modern && pfn >= hmmu_device_base(w->m);
}

static int allocate(const struct fuzz_migration *mig, bool device, uint32_t *pfn)
{
	if (!device)
		return hmmu_page_alloc(mig->w->m, pfn);
	if (mig->driver.op & 4 && mig->w->coherent_pages)
		return hmmu_device_alloc_of(mig->w->m, HMMU_DEVICE_COHERENT, pfn);
	return hmmu_device_alloc(mig->w->m, pfn);
}

/* A new page with the source's contents, or 0. */
static uint32_t new_page(struct fuzz_migration *mig, uint64_t src, bool device)
{
	struct hmmu *m = mig->w->m;
	uint32_t pfn;

	if (allocate(mig, device, &pfn))
		return 0;
	if (src & HMMU_PFN_VALID ? hmmu_page_copy(m, pfn, hmmu_word_pfn(src)) : hmmu_page_zero(m, pfn))
		broken(mig->w, "a driver can't fill its page: %s", hmmu_error(m)->text);
	return pfn;
}

static uint64_t good_word(struct fuzz_migration *mig, uint64_t src, bool device)
{
	uint32_t pfn = new_page(mig, src, device);

	if (!pfn)
		return 0;
	if (!comes_locked(mig->w, pfn) && hmmu_page_trylock(mig->w->m, pfn))
		broken(mig->w, "a driver can't lock its page: %s", hmmu_error(mig->w->m)->text);
	return hmmu_word(pfn, HMMU_PFN_LOCKED | (device ? HMMU_PFN_DEVICE : 0));
}

/* A word for a page that is not the driver's. */
static uint64_t foreign_word(const struct fuzz_migration *mig, uint32_t pfn)
{
	bool device = pfn >= hmmu_device_base(mig->w->m);

	return pfn ? hmmu_word(pfn, HMMU_PFN_LOCKED | (device ? HMMU_PFN_DEVICE : 0)) : 0;
}

static uint32_t freed_page(struct fuzz_migration *mig, bool device)
{
	uint32_t pfn = new_page(mig, 0, device);

	if (pfn && comes_locked(mig->w, pfn))
		hmmu_page_unlock(mig->w->m, pfn);
	if (pfn && hmmu_page_put(mig->w->m, pfn))
		broken(mig->w, "a driver can't put its page: %s", hmmu_error(mig->w->m)->text);
	return pfn;
}

static uint32_t unlocked_page(struct fuzz_migration *mig, uint64_t src, bool device)
{
	uint32_t pfn = new_page(mig, src, device);

	if (pfn && comes_locked(mig->w, pfn))
		hmmu_page_unlock(mig->w->m, pfn);
	return pfn;
}

static uint32_t free_frame(const struct fuzz_migration *mig)
{
	struct hmmu_page_info info;
	uint32_t pfn = mig->w->ram_pages - 1;

	return hmmu_page_info(mig->w->m, pfn, &info) || info.ref ? 0 : pfn;
}

static uint32_t page_elsewhere(const struct fuzz_migration *mig)
{
	const struct world *w = mig->w;
	struct hmmu_entry entry;
	uint64_t address = w->regions[mig->driver.first % w->nr_regions].address;

	return hmmu_dump(w->m, w->pids[0], address, 1, &entry) ? 0 : entry.pfn;
}

static uint32_t some_table(const struct fuzz_migration *mig)
{
	uint64_t walk[5] = { 0 };

	/* Bits 12 to 51 of an entry are the frame of the table. */
	if (hmmu_walk(mig->w->m, mig->w->pids[0], 1ull << 32, walk) < 1)
		return 0;
	return (uint32_t)(walk[0] >> HMMU_PAGE_SHIFT & 0xffffffffu);
}

static uint64_t random_word(const struct fuzz_migration *mig, uint64_t i)
{
	uint64_t word = (mig->driver.first + 1ull) * 0x9e3779b97f4a7c15ull * (i + 1);

	/* Half of the numbers are of pages that exist. */
	if (!(mig->driver.first & 1))
		word = (word >> 40) % mig->w->pages << HMMU_PFN_SHIFT | (word & 63);
	return word;
}

/* The word of a driver that breaks its rules with this one; 0 where there is nothing to break them with. */
static uint64_t bad_word(struct fuzz_migration *mig, uint64_t src, uint64_t before)
{
	bool device = !(mig->driver.op & 1);
	uint64_t word;

	switch (mig->driver.who) {
	case FUZZ_BREACH_NO_SUCH_PAGE:
		return hmmu_word(mig->w->pages + mig->driver.first, HMMU_PFN_LOCKED) | (uint64_t)(mig->driver.first & 1)
											       << 60;
	case FUZZ_BREACH_ZERO_PAGE:
		return hmmu_word(mig->driver.first & 1, HMMU_PFN_LOCKED);
	case FUZZ_BREACH_FREE_PAGE:
		return foreign_word(mig, freed_page(mig, device));
	case FUZZ_BREACH_FREE_FRAME:
		return foreign_word(mig, free_frame(mig));
	case FUZZ_BREACH_SOURCE:
		return src & HMMU_PFN_VALID ? foreign_word(mig, hmmu_word_pfn(src)) : 0;
	case FUZZ_BREACH_TWICE:
		return before;
	case FUZZ_BREACH_NOT_LOCKED:
		return foreign_word(mig, unlocked_page(mig, src, device));
	case FUZZ_BREACH_IN_USE:
		return foreign_word(mig, page_elsewhere(mig));
	case FUZZ_BREACH_TABLE:
		return foreign_word(mig, some_table(mig));
	default:
		break;
	}
	word = good_word(mig, src, device);
	if (!word)
		return 0;
	switch (mig->driver.who) {
	case FUZZ_BREACH_NOT_SAID_LOCKED:
		return word & ~(uint64_t)HMMU_PFN_LOCKED;
	case FUZZ_BREACH_WRONG_KIND:
		return word ^ HMMU_PFN_DEVICE;
	case FUZZ_BREACH_NO_VALID:
		return word & ~(uint64_t)HMMU_PFN_VALID;
	default:
		return word | HMMU_PFN_ERROR;
	}
}

static void break_rule(struct fuzz_migration *mig, uint64_t i, uint64_t src, uint64_t before)
{
	if (mig->driver.who == FUZZ_BREACH_CHANGE_SRC) {
		mig->src[i] ^= 1ull << (mig->driver.first % 64);
	} else {
		mig->dst[i] = bad_word(mig, src, before);
		if (!mig->dst[i])
			return;
	}
	mig->rules = breach_rules[mig->driver.who];
	/* Words have fewer flags in 6.12, so that some are no breach. */
	mig->touched |= mig->w->modern;
}

static uint64_t other_device_word(struct fuzz_migration *mig)
{
	uint32_t pfn;

	if (hmmu_other_device_alloc(mig->w->m, &pfn) ||
	    (!comes_locked(mig->w, pfn) && hmmu_page_trylock(mig->w->m, pfn)))
		return 0;
	return hmmu_word(pfn, HMMU_PFN_LOCKED | HMMU_PFN_DEVICE);
}

/* Odd, but allowed. */
static void be_odd(struct fuzz_migration *mig, uint64_t i, uint64_t src)
{
	bool device = !(mig->driver.op & 1);

	switch (mig->driver.who) {
	case FUZZ_BREACH_SKIP:
		return;
	case FUZZ_BREACH_ERROR:
		mig->dst[i] = HMMU_PFN_ERROR;
		return;
	case FUZZ_BREACH_OTHER_KIND:
		mig->dst[i] = good_word(mig, src, !device);
		return;
	case FUZZ_BREACH_FORGET:
		mig->w->last_driver_page = hmmu_word_pfn(good_word(mig, src, device));
		return;
	case FUZZ_BREACH_OTHER_DEVICE:
		mig->dst[i] = other_device_word(mig);
		mig->touched = true;
		return;
	case FUZZ_BREACH_RANDOM:
		mig->dst[i] = random_word(mig, i);
		mig->touched = true;
		return;
	default:
		break;
	}
	mig->dst[i] = good_word(mig, src, device);
	if (mig->dst[i] && mig->driver.who == FUZZ_BREACH_EXTRA_FLAGS)
		mig->dst[i] |= HMMU_PFN_MIGRATE | HMMU_PFN_WRITE;
	if (mig->dst[i] && mig->driver.who == FUZZ_BREACH_DIRTY_FLAGS)
		hmmu_page_set_flags(mig->w->m, hmmu_word_pfn(mig->dst[i]),
				    HMMU_PG_DIRTY | HMMU_PG_REFERENCED | HMMU_PG_ERROR);
}

static void fill_entry(struct fuzz_migration *mig, uint64_t i, uint64_t *before)
{
	uint64_t src = mig->src[i];

	if (mig->driver.count >> (i % 8) & 1 && mig->driver.who >= FUZZ_BREACH_NO_SUCH_PAGE &&
	    mig->driver.who <= FUZZ_BREACH_CHANGE_SRC && mig->driver.who != FUZZ_BREACH_RANDOM &&
	    mig->driver.who != FUZZ_BREACH_OTHER_DEVICE)
		break_rule(mig, i, src, *before);
	else if (mig->driver.count >> (i % 8) & 1 && (src & HMMU_PFN_MIGRATE || mig->driver.op & 4))
		be_odd(mig, i, src);
	else if (wanted(mig, src, i))
		*before = mig->dst[i] = good_word(mig, src, !(mig->driver.op & 1));
}

static void trace_words(const struct fuzz_migration *mig, const char *name, uint64_t n)
{
	if (!mig->w->trace)
		return;
	for (uint64_t i = 0; i < n; i++)
		if (mig->src[i] || mig->dst[i])
			trace(mig->w, "// %s %llu: src %#llx dst %#llx\n", name, (unsigned long long)i,
			      (unsigned long long)mig->src[i], (unsigned long long)mig->dst[i]);
}

/* The off-by-one of the v25 series leaves the caller's word at the first of several holes, where a driver that does not
 * write takes the blame for it. */
static void check_zeroed(struct fuzz_migration *mig, uint64_t i)
{
	if (!mig->dst[i])
		return;
	if (!(hmmu_quirks(mig->w->m) & HMMU_QUIRK_HOLE_DST_INDEX))
		broken(mig->w, "entry %llu of dst is not zeroed", (unsigned long long)i);
	mig->touched = true;
}

void fill_words(struct fuzz_migration *mig)
{
	struct hmmu_migration_state state;
	uint64_t before = 0;

	hmmu_migrate_state(mig->handle, &state);
	for (uint64_t i = 0; i < state.npages; i++)
		if (!mig->dst[i])
			fill_entry(mig, i, &before);
}

static int alloc_and_copy(struct hmmu_migration *handle, void *data)
{
	struct fuzz_migration *mig = data;
	struct hmmu_migration_state state;
	uint64_t before = 0;

	hmmu_migrate_state(handle, &state);
	if (state.npages > mig->pages)
		broken(mig->w, "%llu entries of %llu are collected", (unsigned long long)state.npages,
		       (unsigned long long)mig->pages);
	mig->in_callback = true;
	for (uint64_t i = 0; i < state.npages; i++) {
		check_zeroed(mig, i);
		fill_entry(mig, i, &before);
	}
	trace_words(mig, "alloc_and_copy", state.npages);
	mig->touched |= (mig->driver.x & 7) != 0;
	run_nested(mig->w, mig->driver.x & 7);
	mig->in_callback = false;
	mig->threw = mig->driver.who == FUZZ_BREACH_THROW;
	return mig->threw ? -EIO : 0;
}

static void misbehave_late(struct fuzz_migration *mig, uint64_t i)
{
	struct hmmu *m = mig->w->m;

	switch (mig->driver.who) {
	case FUZZ_BREACH_CHANGE_SRC_LATE:
		mig->src[i] ^= 1ull << (mig->driver.first % 64);
		mig->rules = RULE(SRC_CHANGED);
		break;
	case FUZZ_BREACH_CHANGE_DST_LATE:
		mig->dst[i] ^= 1ull << (mig->driver.first % 64);
		mig->rules = RULE(DST_CHANGED);
		break;
	case FUZZ_BREACH_UNLOCK_LATE:
		hmmu_page_unlock(m, hmmu_word_pfn(mig->dst[i]));
		break;
	case FUZZ_BREACH_PUT_LATE:
		hmmu_page_unlock(m, hmmu_word_pfn(mig->dst[i]));
		hmmu_page_put(m, hmmu_word_pfn(mig->dst[i]));
		break;
	default:
		break;
	}
}

static int finalize_and_map(struct hmmu_migration *handle, void *data)
{
	struct fuzz_migration *mig = data;
	struct hmmu_migration_state state;

	hmmu_migrate_state(handle, &state);
	mig->in_callback = true;
	trace_words(mig, "finalize_and_map", state.npages);
	for (uint64_t i = 0; i < state.npages; i++)
		if (mig->driver.count >> (i % 8) & 1)
			misbehave_late(mig, i);
	mig->touched |= (mig->driver.y & 7) != 0;
	run_nested(mig->w, mig->driver.y & 7);
	mig->in_callback = false;
	mig->threw = mig->driver.who == FUZZ_BREACH_THROW_LATE;
	return mig->threw ? -EIO : 0;
}

const struct hmmu_migrate_ops fuzz_driver_ops = {
	.alloc_and_copy = alloc_and_copy,
	.finalize_and_map = finalize_and_map,
};
