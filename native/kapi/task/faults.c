/* SPDX-License-Identifier: GPL-2.0-only */
#include "task/faults.h"

#include <linux/kernel.h>
#include <linux/string.h>

#include "log/report.h"

static const char *const words[] = {
#define X(name, word, text) word,
	KAPI_FAULTS(X)
#undef X
};

static struct {
	u64 passes;
	u64 at; /**< the pass at which it happens; 0: none */
	bool forever;
	const struct kapi_place *place; /**< where it happened last; NULL: not yet */
} faults[KAPI_FAULT_COUNT];

int kapi_fault(enum kapi_fault fault, uint64_t nth, bool forever)
{
	if (fault >= KAPI_FAULT_COUNT)
		return -EINVAL;
	faults[fault].at = nth ? faults[fault].passes + nth : 0;
	faults[fault].forever = forever;
	return 0;
}

uint64_t kapi_fault_passes(enum kapi_fault fault)
{
	return fault < KAPI_FAULT_COUNT ? faults[fault].passes : 0;
}

const char *kapi_fault_place(enum kapi_fault fault)
{
	if (fault >= KAPI_FAULT_COUNT || !faults[fault].place)
		return NULL;
	return place_text(faults[fault].place);
}

const char *kapi_fault_word(enum kapi_fault fault)
{
	return fault < KAPI_FAULT_COUNT ? words[fault] : "none";
}

void faults_reset(void)
{
	memset(faults, 0, sizeof(faults));
}

u64 fault_happens_among(enum kapi_fault fault, u64 count, const struct kapi_place *place)
{
	u64 first = faults[fault].passes + 1, at = faults[fault].at;
	bool goes_on = at && at < first && faults[fault].forever;

	faults[fault].passes += count;
	if (!goes_on && (at < first || at >= first + count))
		return count;
	faults[fault].place = place;
	return goes_on ? 0 : at - first;
}

bool fault_happens(enum kapi_fault fault, const struct kapi_place *place)
{
	return !fault_happens_among(fault, 1, place);
}
