/* SPDX-License-Identifier: GPL-2.0-only */
/** @file wrong.h Wrong values of a machine's records: verify() finds them, and a snapshot with them is refused. */
#ifndef HMMU_TEST_WRONG_H
#define HMMU_TEST_WRONG_H

#include "support.h"

/** A snapshot is refused with these words, also where verify() does not look. NULL: it is restored. */
static inline void assert_restored(struct hmmu *m, const char *refusal)
{
	struct hmmu_error error = { 0 };
	struct hmmu *copy = copy_by_snapshot(m, HMMU_RESTORE_UNVERIFIED, &error);

	if (!copy != !!refusal)
		fail_msg("not \"%s\": %s", refusal ? refusal : "restored", copy ? "restored" : error.text);
	if (refusal) {
		assert_says(error.text, refusal);
		return;
	}
	assert_true(hmmu_hash(copy) == hmmu_hash(m));
	hmmu_destroy(copy);
}

/** A wrong value: verify() says so (NULL: it does not look), and a snapshot of it is refused (NULL: it is not). */
#define WRONG(field, value, complaint, refusal) \
	do { \
		const uint64_t right_ = (field); \
		const char *complaint_ = (complaint); \
		(field) = (value); \
		if (complaint_) \
			assert_complains(r->m, complaint_); \
		assert_restored(r->m, refusal); \
		(field) = (__typeof__(0 + (field)))right_; \
	} while (0)

#endif
