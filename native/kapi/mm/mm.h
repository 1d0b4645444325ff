/* SPDX-License-Identifier: GPL-2.0-only */
/** @file mm.h Address spaces, as drivers see them. */
#ifndef KAPI_MM_H
#define KAPI_MM_H

#include <linux/mm.h>

struct mm_struct {
	u32 pid;                           /**< 0: the process is gone */
	u32 users;                         /**< mm_users: the process, and those who need its mappings */
	u32 grabs;                         /**< mm_count: all users together, and those who need the structure */
	u32 readers;                       /**< how often drivers have mmap_lock, or faults run under it */
	const struct kapi_place *last_get; /**< where a driver became a user */
	bool exits;                        /**< the process ends with its last user */
	struct list_head node;
	struct vm_area_struct *vmas; /**< those that drivers have looked up under mmap_lock */
};

/** The address space of a process. NULL: there is no such process, or the host has no memory. */
struct mm_struct *mm_of_process(u32 pid);
/** The task that works on an address space: the running one, or one that stands for it. 0: there is no memory for it. */
u32 mm_task(struct mm_struct *mm, const struct kapi_place *place);
/** The running thread has done with another address space. */
void mm_forget_task(void);
/** A fault on a device page begins and ends: the machine's task has mmap_lock. */
void mm_fault_begin(struct mm_struct *mm);
void mm_fault_end(struct mm_struct *mm);
/** The mapping that contains an address, for somebody who has mmap_lock. */
struct vm_area_struct *mm_find_vma(struct mm_struct *mm, unsigned long address);
/** Here a kernel may take mmap_lock. @p mm may be NULL. */
void mm_might_lock(const struct mm_struct *mm, const struct kapi_place *place);
/** Report that a function was called without mmap_lock. */
void mm_need_lock(const struct mm_struct *mm, const char *call, const struct kapi_place *place);
/** The process ends: its own use of the address space. 0, or the error of hmmu_exit(). */
int mm_exit_process(u32 pid);
/** Report address spaces that drivers still use. */
void mm_report_left(void);
/** Forget all address spaces. */
void mm_shutdown(void);

#endif
