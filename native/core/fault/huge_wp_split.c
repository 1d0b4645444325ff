/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 6.12: a store to a huge page that others map, too, or to the huge zero page, splits the pmd. */
#include "fault/huge_wp.h"
#include "fault/reuse.h"

int wp_huge_pmd_split(struct fault *vmf)
{
	struct hmmu *m = vmf->ctx->m;
	int result;

	if (!is_unshare(vmf) && userfaultfd_pte_wp(m, vmf->vma, *vmf->pmd))
		return FAULT_SIGBUS;
	if (is_huge_zero_pmd(m, *vmf->pmd))
		return split_huge_pmd(vmf);
	result = reuse_huge_page(vmf, pte_pfn(*vmf->pmd));
	if (result == COPY_PAGE)
		return split_huge_pmd(vmf);
	if (result != REUSE_PAGE)
		return result;
	return is_unshare(vmf) ? 0 : reuse_huge_pmd(vmf);
}
