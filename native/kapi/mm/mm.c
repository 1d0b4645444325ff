/* SPDX-License-Identifier: GPL-2.0-only */
/* Address spaces: their users, their mmap_lock, their mappings. */
#include "mm/mm.h"

#include <linux/sched/mm.h>

#include "host/host.h"
#include "log/report.h"
#include "mm/core.h"
#include "task/faults.h"

/* Those of living processes. */
static LIST_HEAD(spaces);

struct mm_struct *mm_of_process(u32 pid)
{
	struct mm_struct *mm;

	list_for_each_entry (mm, &spaces, node)
		if (mm->pid == pid)
			return mm;
	mm = hmmu_process_alive(machine, pid) ? host_alloc(sizeof(*mm)) : NULL;
	if (!mm)
		return NULL;
	*mm = (struct mm_struct){ .pid = pid, .users = 1, .grabs = 1 };
	list_add(&mm->node, &spaces);
	return mm;
}

/* --- users --- */

void mmgrab(struct mm_struct *mm)
{
	mm->grabs++;
}

static void free_vmas(struct mm_struct *mm)
{
	while (mm->vmas) {
		struct vm_area_struct *vma = mm->vmas;

		mm->vmas = vma->kapi_next;
		host_free(vma);
	}
}

/* A lookup without mmap_lock, which was reported, leaves its mapping. */
static void free_mm(struct mm_struct *mm)
{
	free_vmas(mm);
	host_free(mm);
}

/* All users together have one grab. */
void kapi_mmdrop(struct mm_struct *mm, const struct kapi_place *place)
{
	if (mm->users && mm->grabs == 1)
		report(KAPI_CHECK_BAD_PUT, place, "mmdrop() without mmgrab()");
	else if (!--mm->grabs)
		free_mm(mm);
}

bool kapi_mmget_not_zero(struct mm_struct *mm, const struct kapi_place *place)
{
	if (!mm->users)
		return false;
	mm->users++;
	mm->last_get = place;
	return true;
}

/* exit_mmap() */
static int end_process(struct mm_struct *mm)
{
	int err = CORE_CALL(hmmu_process_task(machine, mm->pid), NULL, hmmu_exit(machine, mm->pid));

	if (err)
		return err;
	mm->pid = 0;
	list_del(&mm->node);
	return 0;
}

void kapi_mmput(struct mm_struct *mm, const struct kapi_place *place)
{
	if (!mm->users || (mm->users == 1 && !mm->exits)) {
		report(KAPI_CHECK_BAD_PUT, place, "mmput() without a use of the address space");
		return;
	}
	kapi_might_sleep(place);
	if (--mm->users)
		return;
	mm_forget_task();
	if (end_process(mm))
		core_refused(place, "the exit of a process by its last mmput()");
	mmdrop(mm);
}

int mm_exit_process(u32 pid)
{
	struct mm_struct *mm = mm_of_process(pid);
	int err = 0;

	if (!mm)
		return -ESRCH;
	mm->exits = true;
	if (mm->users > 1) {
		mm->users--;
		return 0;
	}
	/* What the exit calls finds no users any more. */
	mm->users = 0;
	err = end_process(mm);
	/* Whoever stops the exit is reported; this is no use of the driver's. */
	if (err) {
		mm->users = 1;
		mm->exits = false;
	} else {
		mmdrop(mm);
	}
	return err;
}

void mm_report_left(void)
{
	const struct mm_struct *mm;

	list_for_each_entry (mm, &spaces, node)
		if (mm->users > !mm->exits)
			report(KAPI_CHECK_MM_LEFT, mm->last_get,
			       "the address space of process %u is got here or before, and not put", mm->pid);
}

void mm_shutdown(void)
{
	struct mm_struct *mm, *next;

	list_for_each_entry_safe (mm, next, &spaces, node) {
		list_del(&mm->node);
		free_mm(mm);
	}
}

/* --- the task that works on an address space --- */

u32 mm_task(struct mm_struct *mm, const struct kapi_place *place)
{
	struct kapi_thread *thread = thread_current();

	if (thread->task.mm == mm && thread->tid)
		return thread->tid;
	if (thread->other_mm == mm)
		return thread->other_tid;
	if (thread->other_mm && held_find(thread->other_mm)) {
		report(KAPI_CHECK_LIMIT, place, "a thread works on two address spaces of others at once");
		return 0;
	}
	mm_forget_task();
	core_enter(place);
	if (!mm->pid || hmmu_task_create(machine, mm->pid, &thread->other_tid)) {
		report(KAPI_CHECK_LIMIT, place, "no task is left to work on the address space of another process");
		return 0;
	}
	thread->other_mm = mm;
	thread->own_other_tid = true;
	return thread->other_tid;
}

void mm_forget_task(void)
{
	struct kapi_thread *thread = thread_current();

	if (thread->own_other_tid) {
		core_enter(NULL);
		if (held_find(thread->other_mm)) /* It was reported. */
			hmmu_mmap_unlock(machine, thread->other_tid);
		hmmu_task_destroy(machine, thread->other_tid);
	}
	thread->own_other_tid = false;
	thread->other_mm = NULL;
	thread->other_tid = 0;
}

/* --- mmap_lock --- */

/* A driver that goes on with a mapping it has looked up finds freed memory. */
static void leave(struct mm_struct *mm)
{
	if (!--mm->readers)
		free_vmas(mm);
}

/* For the order of locks the kernel's mmap_lock is one of the thread. */
void mm_fault_begin(struct mm_struct *mm)
{
	static const struct kapi_place kernel = { .file = "the kernel", .function = "callback" };

	mm->readers++;
	held_add(mm, mmap_lock_name, false, &kernel);
}

void mm_fault_end(struct mm_struct *mm)
{
	held_remove(mm);
	leave(mm);
}

void mm_need_lock(const struct mm_struct *mm, const char *call, const struct kapi_place *place)
{
	if (!mm->readers)
		report(KAPI_CHECK_LOCK_MISSING, place, "%s() needs mmap_lock", call);
}

void mm_might_lock(const struct mm_struct *mm, const struct kapi_place *place)
{
	const struct held_lock *held = mm ? held_find(mm) : NULL;

	if (held)
		report(KAPI_CHECK_LOCK_TWICE, place, "this may take mmap_lock, which the thread has taken at %s",
		       place_text(held->place));
	else
		held_note_order(mmap_lock_name, place);
}

/* The lock of the machine, for the task that works on the address space. */
static bool take_lock(struct mm_struct *mm, bool write, const struct kapi_place *place)
{
	u32 tid = mm->pid ? mm_task(mm, place) : 0;

	if (mm->pid && !tid)
		return false;
	if (tid && CORE_CALL(tid, place, hmmu_mmap_lock(machine, tid, write))) {
		report(KAPI_CHECK_LOCK_TWICE, place, "mmap_lock is taken in a callback that has it");
		return false;
	}
	return true;
}

void kapi_mmap_lock(struct mm_struct *mm, bool write, const struct kapi_place *place)
{
	const struct held_lock *held = held_find(mm);

	kapi_might_sleep(place);
	if (held)
		report(KAPI_CHECK_LOCK_TWICE, place, "mmap_lock is taken by a thread that has taken it at %s",
		       place_text(held->place));
	else if (fault_happens(KAPI_FAULT_MMAP_LOCK, place))
		thread_sleep_until(jiffies + 1, "mmap_lock", place);
	if (!held && !take_lock(mm, write, place))
		return;
	mm->readers++;
	held_add(mm, mmap_lock_name, false, place);
}

bool kapi_mmap_trylock(struct mm_struct *mm, bool write, const struct kapi_place *place)
{
	bool fails = fault_happens(KAPI_FAULT_TRYLOCK, place);
	u32 tid = mm->pid && !fails && !held_find(mm) ? mm_task(mm, place) : 0;
	int err = tid && !core_is_busy() ? hmmu_mmap_lock(machine, tid, write) : -EBUSY;

	if (core_blocks(err))
		hmmu_task_cancel(machine, tid);
	if (err)
		return false;
	mm->readers++;
	held_add_tried(mm, mmap_lock_name, false, place);
	return true;
}

void kapi_mmap_unlock(struct mm_struct *mm, const struct kapi_place *place)
{
	if (!held_remove(mm)) {
		report(KAPI_CHECK_LOCK_NOT_HELD, place, "mmap_lock is given up by a thread that does not hold it");
		return;
	}
	if (mm->pid && !held_find(mm) && core_mmap_unlock(mm_task(mm, place)))
		core_refused_put(place, "mmap_lock");
	leave(mm);
}

/* --- mappings --- */

static unsigned long vm_flags(const struct hmmu_vma_info *info)
{
	unsigned long flags = info->prot & HMMU_PROT_READ ? VM_READ : 0;

	/* On x86 what may be written to may be read. */
	if (info->prot & HMMU_PROT_WRITE)
		flags |= VM_READ | VM_WRITE;
	if (info->kind == HMMU_MAP_SHMEM || info->kind == HMMU_MAP_SHAREDFILE)
		flags |= VM_SHARED;
	if (info->kind == HMMU_MAP_HUGETLB)
		flags |= VM_HUGETLB;
	if (info->kind == HMMU_MAP_MIXED)
		flags |= VM_MIXEDMAP;
	return flags;
}

static struct vm_area_struct *new_vma(struct mm_struct *mm, const struct hmmu_vma_info *info)
{
	struct vm_area_struct *vma = host_alloc(sizeof(*vma));

	if (!vma)
		return NULL;
	*vma = (struct vm_area_struct){ .vm_start = info->start,
					.vm_end = info->end,
					.vm_flags = vm_flags(info),
					.vm_mm = mm,
					.kapi_next = mm->vmas };
	mm->vmas = vma;
	return vma;
}

struct vm_area_struct *mm_find_vma(struct mm_struct *mm, unsigned long address)
{
	struct hmmu_vma_info info;

	for (struct vm_area_struct *vma = mm->vmas; vma; vma = vma->kapi_next)
		if (address >= vma->vm_start && address < vma->vm_end)
			return vma;
	if (!mm->pid || hmmu_vma_at(machine, mm->pid, address, &info))
		return NULL;
	return new_vma(mm, &info);
}

struct vm_area_struct *kapi_vma_lookup(struct mm_struct *mm, unsigned long address, const struct kapi_place *place)
{
	mm_need_lock(mm, "vma_lookup", place);
	return mm_find_vma(mm, address);
}
