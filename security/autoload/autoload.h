/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SECURITY_AUTOLOAD_H
#define _SECURITY_AUTOLOAD_H

#include <linux/mutex.h>
#include <linux/types.h>

struct kmod_requester;
struct seq_file;

enum autoload_kind {
	AUTOLOAD_ALIAS,		/* a name that is requested */
	AUTOLOAD_MODULE,	/* a module that modprobe loads for a request */
};

enum autoload_ruling {
	AUTOLOAD_NONE,
	AUTOLOAD_ALLOW,
	AUTOLOAD_DENY,
};

/* The most bytes of a file that holds a word. */
#define AUTOLOAD_WORD_MAX	16

/**
 * struct autoload_file - a file in securityfs
 * @name: of the file
 * @max: the most bytes that it takes; its memory is never swapped out
 * @show: prints the content
 * @set: replaces the content by @len bytes of text, which a NUL follows; may sleep.
 *	Returns 0; or -EINVAL, which the log explains if the text has lines, or
 *	-ENOMEM, and nothing has changed.
 * @policy: is part of the policy: @set is called with autoload_mutex held, and not
 *	when the policy is locked
 */
struct autoload_file {
	const char *name;
	size_t max;
	void (*show)(struct seq_file *m);
	int (*set)(const char *text, size_t len);
	bool policy;
};

/* lsm.c */
extern bool autoload_enabled;

/* fs.c: the writer lock */
extern struct mutex autoload_mutex;
int autoload_begin(void);
static inline void autoload_end(void)
{
	mutex_unlock(&autoload_mutex);
}

/* mode.c: the verdict on a request, and on a module */
extern const struct autoload_file autoload_enforce_file;
int autoload_permit_alias(char *name);
int autoload_permit_module(const char *name);

/* rules.c: which names are allowed, or denied, to which users */
extern const struct autoload_file autoload_policy_file;
extern const char *const autoload_kinds[];
enum autoload_ruling autoload_rules_judge(enum autoload_kind kind, const char *name,
					  uid_t uid, unsigned int *line);

/* learned.c: what would have been denied */
extern const struct autoload_file autoload_learned_file;
void autoload_learn(const struct kmod_requester *who, enum autoload_kind kind,
		    const char *name);

/* helpers.c: the programs that the kernel may run */
extern const struct autoload_file autoload_helpers_file;
extern const struct autoload_file autoload_helpers_mode_file;
int autoload_permit_helper(const char *path);

#endif /* _SECURITY_AUTOLOAD_H */
