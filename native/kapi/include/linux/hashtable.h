/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_HASHTABLE_H
#define _LINUX_HASHTABLE_H

#include <linux/array_size.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/log2.h>

#define DECLARE_HASHTABLE(name, bits) struct hlist_head name[1 << (bits)]
#define DEFINE_HASHTABLE(name, bits) DECLARE_HASHTABLE(name, bits) = { { NULL } }
#define HASH_SIZE(table) ARRAY_SIZE(table)
#define HASH_BITS(table) ((unsigned int)ilog2(HASH_SIZE(table)))
#define KAPI_BUCKET(table, key) (&(table)[hash_64((u64)(key), HASH_BITS(table))])

#define hash_init(table) \
	do { \
		for (size_t kapi_i_ = 0; kapi_i_ < HASH_SIZE(table); kapi_i_++) \
			INIT_HLIST_HEAD(&(table)[kapi_i_]); \
	} while (0)
#define hash_add(table, node, key) hlist_add_head(node, KAPI_BUCKET(table, key))
#define hash_del(node) hlist_del_init(node)
#define hash_hashed(node) (!hlist_unhashed(node))
/** All in the bucket of a key; some may have another key. */
#define hash_for_each_possible(table, entry, member, key) hlist_for_each_entry (entry, KAPI_BUCKET(table, key), member)
#define hash_for_each(table, bucket, entry, member) \
	for ((bucket) = 0, (entry) = NULL; !(entry) && (bucket) < HASH_SIZE(table); (bucket)++) \
		hlist_for_each_entry (entry, &(table)[bucket], member)
#define hash_for_each_safe(table, bucket, next, entry, member) \
	for ((bucket) = 0, (entry) = NULL; !(entry) && (bucket) < HASH_SIZE(table); (bucket)++) \
		hlist_for_each_entry_safe (entry, next, &(table)[bucket], member)
#define hash_add_rcu(table, node, key) hash_add(table, node, key)
#define hash_del_rcu(node) hash_del(node)
#define hash_for_each_possible_rcu(table, entry, member, key) hash_for_each_possible (table, entry, member, key)
#define hash_for_each_rcu(table, bucket, entry, member) hash_for_each (table, bucket, entry, member)

#endif
