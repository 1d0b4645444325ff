/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine's balance. */
#include <stdio.h>

#include "explore/judges.h"

static void complain(void *data, const char *text)
{
	struct run *run = data;
	struct hmmu_finding finding = finding_here(run, HMMU_JUDGE_VERIFY);

	snprintf(finding.text, sizeof(finding.text), "%s", text);
	run->find(run, &finding);
}

void judge_verify(struct run *run)
{
	hmmu_verify(run->m, complain, run);
}

void judge_all_ended(struct run *run)
{
	judge_verify(run);
	judge_dead_space(run);
	judge_soft_dirty(run);
	run_drop_all(run);
	judge_values(run);
	judge_leak(run);
	judge_verify(run);
}
