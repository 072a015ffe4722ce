/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel interfaces that security/autoload/rules.c, qualifiers.c and lib/glob.c use, for
 * one thread in user space. Each kernel header that they include is this file.
 */
#ifndef SHIM_POLICY_STUBS_H
#define SHIM_POLICY_STUBS_H

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <linux/capability.h>

typedef uint32_t u32;
typedef uint64_t u64;

#define __rcu
#define EXPORT_SYMBOL(symbol)
#define EXPORT_SYMBOL_GPL(symbol)
#define MODULE_DESCRIPTION(text)
#define MODULE_LICENSE(text)
#define __pure
#define fallthrough	__attribute__((__fallthrough__))

#define CONFIG_CGROUPS			1
#define IS_ENABLED(option)		1
#define MODULE_NAME_LEN			(64 - sizeof(unsigned long))
#define TASK_COMM_LEN			16
#define SZ_1M				(1 << 20)
#undef static_assert
#define static_assert(condition)		_Static_assert(condition, #condition)
#define ARRAY_SIZE(array)		(sizeof(array) / sizeof(*(array)))
#define BIT(n)				(1UL << (n))
#define BIT_ULL(n)			(1ULL << (n))
#define min(a, b)			((a) < (b) ? (a) : (b))
#define struct_size(p, member, n)	(sizeof(*(p)) + (n) * sizeof(*(p)->member))

/* The kernel's versions are for ASCII, and take bytes of either sign. */
#define isascii(c)	((unsigned char)(c) <= 0x7f)
#define isgraph(c)	((unsigned char)(c) > ' ' && (unsigned char)(c) < 0x7f)
#define isdigit(c)	((unsigned char)(c) >= '0' && (unsigned char)(c) <= '9')

#define IS_ERR(p)		((unsigned long)(p) >= (unsigned long)-4095)
#define IS_ERR_OR_NULL(p)	(!(p) || IS_ERR(p))
#define PTR_ERR(p)		((long)(p))
#define ERR_PTR(error)		((void *)(long)(error))

#define GFP_KERNEL			0
#define kvzalloc(size, flags)		calloc(1, size)
#define kvfree(p)			free(p)
#define kvfree_rcu(p, member)		free(p)
#define guard(lock)			guard_##lock
#define rcu_read_lock()			do { } while (0)
#define rcu_read_unlock()		do { } while (0)
#define rcu_dereference(p)		(p)
#define rcu_dereference_protected(p, c)	(p)
#define rcu_assign_pointer(p, value)	((p) = (value))
#define lockdep_is_held(lock)		1

static inline void guard_rcu(void)
{
}

#define SEQCNT_MUTEX_ZERO(name, lock)	{ }
#define write_seqcount_begin(s)		do { } while (0)
#define write_seqcount_end(s)		do { } while (0)

struct rcu_head { };
struct mutex { };
typedef struct { } seqcount_mutex_t;
struct seq_file { };

#define seq_write(m, text, len)	((void)(text))
#define pr_err(...)		do { if (0) printf(__VA_ARGS__); } while (0)
#define scnprintf		snprintf

#define KUIDT_INIT(uid)		(uid)
#define uid_valid(uid)		((uid) != (uid_t)-1)

static inline size_t str_has_prefix(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) ? 0 : len;
}

static inline int match_string(const char *const *array, size_t n, const char *string)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(array[i], string))
			return i;
	return -EINVAL;
}

/* One newline may follow the digits. */
static inline int kstrtouint(const char *text, int base, unsigned int *value)
{
	u64 sum = 0;

	assert(base == 10);
	if (*text == '+')
		text++;
	if (!isdigit(*text))
		return -EINVAL;
	for (; isdigit(*text); text++) {
		sum = sum * 10 + (*text - '0');
		if (sum > UINT_MAX)
			return -ERANGE;
	}
	if (*text == '\n')
		text++;
	*value = sum;
	return *text ? -EINVAL : 0;
}

static inline void strscpy_pad(char *to, const char *from, size_t size)
{
	assert(strlen(from) < size);
	strncpy(to, from, size);
}

static inline void strreplace(char *text, char old, char new)
{
	for (; *text; text++)
		if (*text == old)
			*text = new;
}

bool glob_match(const char *pattern, const char *text);

#endif /* SHIM_POLICY_STUBS_H */
