// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's migrations: from setup to finalize, with stops where a drill
 * runs other commands; and the fault handler of device pages.
 */
#include <linux/highmem.h>
#include <linux/ktime.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include "module.h"

struct job {
	int to;
	u8 *policy;
	u64 *src0, *dst, *src1;
	u32 stops;
	u32 ran;
	bool back; /* the first page arrived */
	ktime_t t[4];
};

/* where a migration waits for its script, see OR_WAIT and OR_GO */
static DEFINE_SPINLOCK(stage_lock);
static DECLARE_WAIT_QUEUE_HEAD(stage_wait);
static int stage;
static bool go;

static void set_stage(int s)
{
	spin_lock(&stage_lock);
	stage = s;
	go = false;
	spin_unlock(&stage_lock);
	wake_up_all(&stage_wait);
}

static void stop_at(int s)
{
	set_stage(s);
	wait_event(stage_wait, go);
	set_stage(OR_STAGE_RUN);
}

static void keep(u64 *to, const unsigned long *from, unsigned long n)
{
	unsigned long i;

	if (to)
		for (i = 0; i < n; i++)
			to[i] = from[i];
}

/* The driver's part between setup and pages: new pages with the old
 * contents. vma is NULL where device pages are evicted. */
static void alloc_and_copy(struct job *job, struct vm_area_struct *vma, unsigned long start, const unsigned long *src,
			   unsigned long *dst, unsigned long n)
{
	unsigned long i;

	job->t[0] = ktime_get();
	job->ran = 1;
	keep(job->src0, src, n);

	for (i = 0; i < n; i++) {
		struct page *from, *page;
		struct device_memory *to_dev =
			job->to == OR_TO_SYS ? NULL : &or_devices[job->to == OR_TO_DEV ? PRIVATE : COHERENT];

		dst[i] = 0;
		if (!(src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		if (job->policy && job->policy[i] == OR_POL_SKIP)
			continue;
		from = migrate_pfn_to_page(src[i]);
		if (from && or_device_of(from) == to_dev)
			continue;

		if (to_dev) {
			page = or_dev_alloc(to_dev);
		} else {
			page = vma ? alloc_page_vma(GFP_HIGHUSER_MOVABLE, vma, start + (i << PAGE_SHIFT))
				   : alloc_page(GFP_HIGHUSER_MOVABLE);
			if (page)
				lock_page(page);
		}
		if (!page)
			continue;
		if (from)
			copy_highpage(or_contents(page), or_contents(from));
		else
			clear_highpage(or_contents(page));
		dst[i] = migrate_pfn(page_to_pfn(page));
	}

	keep(job->dst, dst, n);
	if (job->stops & OR_STOP_ALLOC)
		stop_at(OR_STAGE_ALLOC);
	job->t[1] = ktime_get();
}

/* The driver's part between pages and finalize. */
static void look_at_result(struct job *job, const unsigned long *src, unsigned long n)
{
	job->t[2] = ktime_get();
	job->back = src[0] & MIGRATE_PFN_MIGRATE;
	keep(job->src1, src, n);
	if (job->stops & OR_STOP_FINAL)
		stop_at(OR_STAGE_FINAL);
	job->t[3] = ktime_get();
}

/* One migration from setup to finalize, mmap_lock being read-locked. */
static int migrate(struct job *job, struct migrate_vma *m)
{
	int err = migrate_vma_setup(m);

	if (err || !m->cpages)
		return err;
	alloc_and_copy(job, m->vma, m->start, m->src, m->dst, m->npages);
	migrate_vma_pages(m);
	look_at_result(job, m->src, m->npages);
	migrate_vma_finalize(m);
	return 0;
}

/* A CPU touched a device page: bring that one page back. */
vm_fault_t or_dev_fault(struct vm_fault *vmf)
{
	struct job job = { .to = OR_TO_SYS };
	unsigned long src = 0, dst = 0;
	struct migrate_vma m = {
		.vma = vmf->vma,
		.start = vmf->address,
		.end = vmf->address + PAGE_SIZE,
		.src = &src,
		.dst = &dst,
		.pgmap_owner = &or_owner,
		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
		.fault_page = vmf->page,
	};

	if (migrate(&job, &m) || !job.back)
		return VM_FAULT_SIGBUS;
	return 0;
}

static void *big_copy(u64 user, unsigned long size)
{
	void *p = vmalloc(size);

	if (p && copy_from_user(p, (void __user *)user, size)) {
		vfree(p);
		p = NULL;
	}
	return p;
}

static void migrate_range(struct or_migrate *m, struct job *job, unsigned long *src, unsigned long *dst)
{
	struct mm_struct *mm = current->mm;
	struct migrate_vma args = {
		.start = m->addr,
		.end = m->addr + (m->npages << PAGE_SHIFT),
		.src = src,
		.dst = dst,
		.pgmap_owner = m->stranger ? &or_stranger : &or_owner,
		.flags = m->to == OR_TO_SYS ? MIGRATE_VMA_SELECT_DEVICE_PRIVATE : MIGRATE_VMA_SELECT_SYSTEM,
	};

	if (m->select) {
		args.flags = 0;
		if (m->select & OR_SEL_SYSTEM)
			args.flags |= MIGRATE_VMA_SELECT_SYSTEM;
		if (m->select & OR_SEL_PRIVATE)
			args.flags |= MIGRATE_VMA_SELECT_DEVICE_PRIVATE;
		if (m->select & OR_SEL_COHERENT)
			args.flags |= MIGRATE_VMA_SELECT_DEVICE_COHERENT;
	}
	mmap_read_lock(mm);
	args.vma = find_vma(mm, m->addr);
	m->ret = migrate(job, &args);
	mmap_read_unlock(mm);
}

static struct device_memory *evicted(struct or_migrate *m)
{
	return &or_devices[m->select & OR_SEL_COHERENT ? COHERENT : PRIVATE];
}

static void evict_range(struct or_migrate *m, struct job *job, unsigned long *src, unsigned long *dst)
{
	struct device_memory *dev = evicted(m);

	m->ret = migrate_device_range(src, dev->pfn_first + m->addr, m->npages);
	alloc_and_copy(job, NULL, 0, src, dst, m->npages);
	migrate_device_pages(src, dst, m->npages);
	look_at_result(job, src, m->npages);
	migrate_device_finalize(src, dst, m->npages);
}

long or_migrate_pages(struct or_migrate *m, bool evict)
{
	unsigned long size = m->npages * sizeof(u64), *src, *dst;
	struct job job = { .to = m->to, .stops = m->stops };
	ktime_t begin, end;
	long err = -ENOMEM;

	/* a range may be empty or nonsense on purpose: the kernel judges */
	if (!size)
		size = sizeof(u64);
	src = vzalloc(size);
	dst = vzalloc(size);
	if (m->policy)
		job.policy = big_copy(m->policy, m->npages);
	if (m->src0) {
		job.src0 = vzalloc(size);
		job.dst = vzalloc(size);
		job.src1 = vzalloc(size);
	}
	if (!src || !dst || (m->policy && !job.policy) || (m->src0 && !(job.src0 && job.dst && job.src1)))
		goto out;
	err = -EINVAL;
	if (evict && (m->addr > evicted(m)->most || m->npages > evicted(m)->most - m->addr))
		goto out;

	begin = ktime_get();
	if (evict)
		evict_range(m, &job, src, dst);
	else
		migrate_range(m, &job, src, dst);
	end = ktime_get();

	m->ran = job.ran;
	if (job.ran) {
		m->ns[0] = ktime_to_ns(ktime_sub(job.t[0], begin));
		m->ns[1] = ktime_to_ns(ktime_sub(job.t[1], job.t[0]));
		m->ns[2] = ktime_to_ns(ktime_sub(job.t[2], job.t[1]));
		m->ns[3] = ktime_to_ns(ktime_sub(job.t[3], job.t[2]));
		m->ns[4] = ktime_to_ns(ktime_sub(end, job.t[3]));
	} else {
		m->ns[0] = ktime_to_ns(ktime_sub(end, begin));
	}

	err = 0;
	if (m->src0 && (copy_to_user((void __user *)m->src0, job.src0, size) ||
			copy_to_user((void __user *)m->dst, job.dst, size) ||
			copy_to_user((void __user *)m->src1, job.src1, size)))
		err = -EFAULT;
out:
	vfree(src);
	vfree(dst);
	vfree(job.policy);
	vfree(job.src0);
	vfree(job.dst);
	vfree(job.src1);
	set_stage(OR_STAGE_DONE);
	return err;
}

/* The next migration's stages are waited for. */
void or_arm_stages(void)
{
	set_stage(OR_STAGE_RUN);
}

/* Until the migration stops or has ended, or for the time given. */
void or_wait_for_stage(struct or_wait *wait)
{
	wait_event_timeout(stage_wait, stage != OR_STAGE_RUN, msecs_to_jiffies(wait->ms));
	wait->stage = stage;
}

/* Let a migration that stopped go on. */
void or_leave_stage(void)
{
	spin_lock(&stage_lock);
	go = true;
	/* not this stop's stage any more: or_wait_for_stage() waits for the next */
	stage = OR_STAGE_RUN;
	spin_unlock(&stage_lock);
	wake_up_all(&stage_wait);
}
