/* SPDX-License-Identifier: GPL-2.0-only */
/* The entries of Linux 6.12: kinds and bits of the swap format, and the words that users see. */
#include "support.h"

#include "machine/raw_entry.h"
#include "mm/swap.h"
#include "rmap/migration_ptes.h"
#include "rmap/migration_entry.h"

static void test_kinds(void **state)
{
	static const struct {
		u32 type;
		bool migration, device, exclusive, marker, swap, write;
	} kinds[] = {
		{ 0, false, false, false, false, true, false },
		{ SWP_HWPOISON, false, false, false, false, false, false },
		{ SWP_MIGRATION_READ, true, false, false, false, false, false },
		{ SWP_MIGRATION_READ_EXCLUSIVE, true, false, false, false, false, false },
		{ SWP_MIGRATION_WRITE, true, false, false, false, false, true },
		{ SWP_DEVICE_WRITE, false, true, false, false, false, true },
		{ SWP_DEVICE_READ, false, true, false, false, false, false },
		{ SWP_EXCLUSIVE_WRITE, false, false, true, false, false, true },
		{ SWP_EXCLUSIVE_READ, false, false, true, false, false, false },
		{ SWP_PTE_MARKER, false, false, false, true, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		u64 plain = swp_entry_to_pte(kinds[i].type, 3), all = ~0ull & ~((u64)(_PAGE_PRESENT | _PAGE_PROTNONE));
		/* None of the other bits changes what an entry is. */
		u64 words[] = { plain, plain | (all & ~(31ull << SWP_TYPE_SHIFT)) };

		for (size_t w = 0; w < 2; w++) {
			u64 pte = words[w];
			bool write = is_write_migration_entry(pte) || is_write_device_private_entry(pte) ||
				     is_writable_device_exclusive_entry(pte);

			assert_int_equal(is_migration_entry(pte), kinds[i].migration);
			assert_int_equal(is_device_private_entry(pte), kinds[i].device);
			assert_int_equal(is_device_exclusive_entry(pte), kinds[i].exclusive);
			assert_int_equal(is_pte_marker(pte), kinds[i].marker);
			assert_int_equal(is_swap_entry(pte), kinds[i].swap);
			assert_int_equal(write, kinds[i].write);
		}
		assert_int_equal(pfn_swap_entry(plain),
				 kinds[i].migration || kinds[i].device || kinds[i].exclusive ? 3 : 0);
	}
	/* Present entries are none of them, whatever their bits. */
	assert_false(is_migration_entry(~0ull) || is_device_private_entry(~0ull) || is_device_exclusive_entry(~0ull) ||
		     is_pte_marker(~0ull));
}

/* The type in bits 59…63, the inverted offset in bits 9…58. */
static u64 swap_word(u64 type, u64 offset)
{
	return type << 59 | ((~offset & ((1ull << 50) - 1)) << 9);
}

static void test_words_of_the_swap_format(void **state)
{
	(void)state;
	assert_true(raw_entry(make_migration_entry(5, false)) == swap_word(24, 5));
	assert_true(raw_entry(make_readable_exclusive_migration_entry(5)) == swap_word(25, 5));
	assert_true(raw_entry(make_migration_entry(5, true)) == swap_word(26, 5));
	assert_true(raw_entry(make_device_private_entry(5, true)) == swap_word(27, 5));
	assert_true(raw_entry(make_device_private_entry(5, false)) == swap_word(28, 5));
	assert_true(raw_entry(make_device_exclusive_entry(5, true)) == swap_word(29, 5));
	assert_true(raw_entry(make_device_exclusive_entry(5, false)) == swap_word(30, 5));
	assert_true(raw_entry(make_pte_marker(PTE_MARKER_UFFD_WP)) == swap_word(31, 1));
	assert_true(raw_entry(swp_entry_to_pte(0, 7)) == swap_word(0, 7));
	assert_true(raw_entry(pte_swp_mksoft_dirty(swp_entry_to_pte(0, 7))) == (swap_word(0, 7) | 2));
	assert_true(raw_entry(pte_swp_mkuffd_wp(swp_entry_to_pte(0, 7))) == (swap_word(0, 7) | 4));
	assert_true(raw_entry(swp_entry_to_pte(0, 7) | _PAGE_SWP_EXCLUSIVE) == (swap_word(0, 7) | 8));
	assert_true(raw_entry(make_migration_entry(5, true) | SWP_MIGRATION_YOUNG) == swap_word(26, 5 | 1ull << 34));
	assert_true(raw_entry(make_migration_entry(5, true) | SWP_MIGRATION_DIRTY) == swap_word(26, 5 | 1ull << 35));
	assert_true(raw_entry(0) == 0);
}

static void test_words_of_present_entries(void **state)
{
	u64 clean = mk_pte(7, PAGE_READONLY), huge = mk_pte(512, PAGE_NONE) | _PAGE_PSE;

	(void)state;
	assert_true(raw_entry(clean) == clean);
	assert_true(raw_entry(pte_mkdirty(pte_mkwrite(clean))) == pte_mkdirty(pte_mkwrite(clean)));
	/* Dirty and not writable: bit 58 in the place of bit 6. */
	assert_true(raw_entry(pte_mkdirty(clean)) == (pte_mksoft_dirty(clean) | 1ull << 58));
	assert_true(raw_entry(mk_pte(7, PAGE_NONE)) == ((mk_pte(0, PAGE_NONE) | PTE_PFN_MASK) ^ 7 << PAGE_SHIFT));
	assert_true((raw_entry(huge) ^ huge) == (PTE_PFN_MASK & PMD_MASK));
}

/* A pte goes into a migration entry and comes back as it was, if its page is dirty. */
static void test_migration_entries_keep_bits(void **state)
{
	struct rig *r = open_rig(.profile = HMMU_PROFILE_LINUX_6_12);
	uint64_t buf = map_anon(r, 1);
	u64 pte, entry;
	const struct vma *v;
	u32 page;

	(void)state;
	write_pages(r, buf, 1, 1);
	v = vma_of(r->m, vma_at(r->m, r->pid, buf));
	pte = *pte_offset(r->m, *mm_find_pmd(r->m, r->pid, buf), buf);
	page = pte_pfn(pte);
	for (u32 bits = 0; bits < 32; bits++) {
		u64 old = (bits & 1 ? pte : pte_wrprotect(pte));

		old = bits & 2 ? old : pte_mkold(old);
		old = bits & 4 ? old : pte_mkclean(old);
		/* A dirty entry is soft-dirty, until the bit is cleared, but to be made dirty again makes it so. */
		old = bits & 8 || bits & 4 ? old : pte_clear_soft_dirty(old);
		old = (bits & 17) == 16 ? pte_mkuffd_wp(old) : old;
		entry = migration_entry_of_present(page, old, false);
		assert_true(is_migration_entry_of(r->m, entry, page) && !is_migration_entry_of(r->m, entry, page + 1));
		assert_int_equal(is_write_migration_entry(entry), bits & 1);
		page_set(r->m, page, HMMU_PG_DIRTY);
		assert_true(restored_entry_6_12(r->m, v, page, entry) == old);
		page_clear(r->m, page, HMMU_PG_DIRTY);
		assert_true(restored_entry_6_12(r->m, v, page, entry) == pte_mkclean(old));
		entry = migration_entry_of_present(page, old, true);
		assert_int_equal(is_readable_exclusive_migration_entry(entry), !(bits & 1));
	}
	rig_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_words_of_the_swap_format),
		cmocka_unit_test(test_words_of_present_entries),
		cmocka_unit_test(test_migration_entries_keep_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
