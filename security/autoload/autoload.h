/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SECURITY_AUTOLOAD_H
#define _SECURITY_AUTOLOAD_H

#include <linux/mutex.h>
#include <linux/types.h>

struct kmod_requester;
struct seq_file;

enum autoload_kind {
	AUTOLOAD_ALIAS,		/* the name that a request asks for */
	AUTOLOAD_MODULE,	/* the name of a module that is loaded for a request */
};

enum autoload_ruling {
	AUTOLOAD_NONE,
	AUTOLOAD_ALLOW,
	AUTOLOAD_DENY,
};

/* Maximum size of a write to a file that contains a single word */
#define AUTOLOAD_WORD_MAX	16

/**
 * struct autoload_file - a file in securityfs
 * @name: name of the file
 * @max: maximum size of a write. Bounds the memory of the contents, which cannot be
 *	swapped out.
 * @show: print the contents
 * @set: replace the contents with @len bytes of text, which are followed by a NUL. May
 *	sleep. Must change nothing if it fails with -EINVAL or -ENOMEM. If the text
 *	consists of lines, it must report the reason of -EINVAL in the kernel log.
 * @policy: the file is part of the policy. @set is called with autoload_mutex held, and
 *	is not called if the policy is locked.
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

/* fs.c: the lock of the policy and its writers */
extern struct mutex autoload_mutex;
int autoload_begin(void);
static inline void autoload_end(void)
{
	mutex_unlock(&autoload_mutex);
}

/* mode.c: verdicts on requests and modules */
extern const struct autoload_file autoload_enforce_file;
int autoload_permit_alias(char *name);
int autoload_permit_module(const char *name);

/* rules.c: the rules */
extern const struct autoload_file autoload_policy_file;
extern const char *const autoload_kinds[];
enum autoload_ruling autoload_rules_match(enum autoload_kind kind, const char *name,
					  uid_t uid, unsigned int *line);

/* learned.c: denials that are not enforced */
extern const struct autoload_file autoload_learned_file;
void autoload_learn(const struct kmod_requester *requester, enum autoload_kind kind,
		    const char *name);

/* helpers.c: the allow-list of helpers */
extern const struct autoload_file autoload_helpers_file;
extern const struct autoload_file autoload_helpers_mode_file;
int autoload_permit_helper(const char *path);

#endif /* _SECURITY_AUTOLOAD_H */
