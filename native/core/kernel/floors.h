/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file floors.h
 * The floors as one kernel: all their sources, in one unit. Whatever they share is static, so that each kernel has its
 * own. The public functions are static here, too; those that users call are in dispatch.c.
 */
/* What gcc concludes from all callers of a static function costs more than it saves: members of a record are passed
 * instead of its address (ipa-sra), and values are kept across calls in registers that are scarce (ipa-modref). */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-ipa-sra", "no-ipa-modref")
#endif

#define HMMU_API static
#define HMMU_COMMON_API
#include "kernel/kernel.h"

#include "page/devmem.c"
#include "page/frame.c"
#include "page/hugetlb_pool.c"
#include "page/lru.c"
#include "page/memcg.c"
#include "page/mlock.c"
#include "page/mlock_batch.c"
#include "page/page.c"

#include "mm/anon_vma.c"
#include "mm/call.c"
#include "mm/file.c"
#include "mm/interval_notifier.c"
#include "mm/interval_tree.c"
#include "mm/mm.c"
#include "mm/mmu_gather.c"
#include "mm/pgtable.c"
#include "mm/swap.c"
#include "mm/task.c"
#include "mm/task_work.c"
#include "mm/tlb.c"
#include "mm/vma.c"
#include "mm/vma_lock.c"
#include "mm/vma_tree.c"

#include "rmap/device_exclusive.c"
#include "rmap/huge_split.c"
#include "rmap/migration_ptes.c"
#include "rmap/rmap.c"
#include "rmap/rmap_walk.c"
#include "rmap/split_pmd_double_map.c"
#include "rmap/split_pmd_exclusive.c"
#include "rmap/try_to_migrate.c"
#include "rmap/try_to_unmap.c"

#include "fault/device_fault.c"
#include "fault/exclusive_fault.c"
#include "fault/fault.c"
#include "fault/fault_file.c"
#include "fault/fault_wp.c"
#include "fault/gup.c"
#include "fault/huge_fault.c"
#include "fault/huge_wp_copy.c"
#include "fault/huge_wp_split.c"
#include "fault/hugetlb.c"
#include "fault/hugetlb_range.c"
#include "fault/hugetlb_reserve.c"
#include "fault/munlock.c"
#include "fault/reuse_by_exclusive.c"
#include "fault/reuse_by_mapcount.c"
#include "fault/shmem.c"
#include "fault/swap_fault.c"

#include "call/access.c"
#include "call/change_protection.c"
#include "call/clear_refs.c"
#include "call/collapse.c"
#include "call/exclusive.c"
#include "call/exit.c"
#include "call/fork.c"
#include "call/hmm_range_fault.c"
#include "call/huge_pmd.c"
#include "call/madvise.c"
#include "call/madvise_lru.c"
#include "call/mirror.c"
#include "call/mlock.c"
#include "call/mlock_range.c"
#include "call/mmap.c"
#include "call/mprotect.c"
#include "call/mremap.c"
#include "call/oom.c"
#include "call/pin.c"
#include "call/process.c"
#include "call/reclaim.c"
#include "call/syscall.c"
#include "call/task.c"
#include "call/unmap.c"
#include "call/userfaultfd.c"

#include "migrate/collect.c"
#include "migrate/collect_selected.c"
#include "migrate/device.c"
#include "migrate/device_range.c"
#include "migrate/device_unmap.c"
#include "migrate/driver.c"
#include "migrate/driver_pages.c"
#include "migrate/insert.c"
#include "migrate/migrate.c"
#include "migrate/own_ptes.c"
#include "migrate/pages.c"
#include "migrate/prepare.c"
#include "migrate/record.c"
#include "migrate/rules.c"
#include "migrate/setup.c"
#include "migrate/wait_ops.c"

#include "machine/check_intervals.c"
#include "machine/complain.c"
#include "machine/create.c"
#include "machine/inventory.c"
#include "machine/leaks.c"
#include "machine/look.c"
#include "machine/raw_entry.c"
#include "machine/refuse.c"
#include "machine/restore.c"
#include "machine/restore_devices.c"
#include "machine/restore_hugetlb.c"
#include "machine/restore_lists.c"
#include "machine/restore_mm.c"
#include "machine/restore_pages.c"
#include "machine/restore_rmap.c"
#include "machine/restore_state.c"
#include "machine/restore_tables.c"
#include "machine/restore_tasks.c"
#include "machine/snapshot.c"
#include "machine/verify.c"
#include "machine/verify_hugetlb.c"
#include "machine/verify_intervals.c"
#include "machine/verify_lists.c"
#include "machine/verify_mm.c"
#include "machine/verify_swap.c"
#include "machine/verify_write.c"

const struct kernel_ops KERNEL_OPS = { .create = hmmu_create,
				       .destroy = hmmu_destroy,
				       .restore_with = hmmu_restore_with,
				       .builtin_ops = &builtin_ops,
#define X(type, name, parameters, arguments) .name = hmmu_##name,
				       MACHINE_CALLS(X) MIGRATION_CALLS(X)
#undef X
};
