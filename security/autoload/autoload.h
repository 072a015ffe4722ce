/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SECURITY_AUTOLOAD_H
#define _SECURITY_AUTOLOAD_H

#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include <linux/types.h>

struct seq_file;

enum autoload_kind {
	AUTOLOAD_ALIAS,		/* the name that is requested */
	AUTOLOAD_MODULE,	/* the name of a module that is loaded for a request */
	AUTOLOAD_HELPER,	/* the path of a program that the kernel starts */
	AUTOLOAD_KINDS
};

enum autoload_ruling {
	AUTOLOAD_NONE,
	AUTOLOAD_ALLOW,
	AUTOLOAD_DENY,
};

/* Maximum size of a write to a file that contains a single word */
#define AUTOLOAD_WORD_MAX	16

/* Maximum length of the file name in a 'file' line of the policy */
#define AUTOLOAD_ORIGIN_MAX	200

/* Size of a buffer for "FILE:N", which names a rule */
#define AUTOLOAD_RULE_SIZE	(AUTOLOAD_ORIGIN_MAX + sizeof(":4294967295"))

/**
 * struct autoload_requester - the task that caused a request or started a helper
 * @pid: its pid
 * @uid: its real user id
 * @loginuid: its login uid, (uid_t)-1 if unset
 * @comm: its name
 * @caps: its effective capabilities in the initial user namespace, C
 * @init_userns: its user namespace is the initial one
 * @kthread: it is a kernel thread
 * @cgroup: path of its control group, see autoload_requester_find_cgroup(), or NULL, C
 * @exe: path of its executable, as seen from its root directory, or NULL, C
 * @exe_buffer: the memory that @exe points into, C
 *
 * All ids are those of the initial namespaces. For a helper, only @pid and @comm are
 * known. For a module, @uid and @loginuid are known as well.
 *
 * C: set by autoload_requester_complete()
 */
struct autoload_requester {
	pid_t pid;
	uid_t uid;
	uid_t loginuid;
	char comm[TASK_COMM_LEN];
	u64 caps;
	bool init_userns;
	bool kthread;
	char *cgroup;
	char *exe;
	char *exe_buffer;
};

/**
 * struct autoload_denial - a request, module or helper that the policy denies
 * @kind: kind of @name
 * @name: name of the alias or module, or path of the helper
 * @rule: the rule or setting that denies it
 * @by: the requester
 * @enforced: it is denied; otherwise it is only recorded
 */
struct autoload_denial {
	enum autoload_kind kind;
	const char *name;
	const char *rule;
	const struct autoload_requester *by;
	bool enforced;
};

enum autoload_userns {
	AUTOLOAD_USERNS_ANY,
	AUTOLOAD_USERNS_INIT,
	AUTOLOAD_USERNS_OTHER,
};

/**
 * struct autoload_qualifiers - the conditions of an alias rule, all of which must be met
 * @caps: capabilities that the requester must have, as a mask
 * @cgroup: pattern for the path of the requester's control group, or NULL
 * @uid_first: lowest user id that the rule applies to
 * @uid_last: highest user id that the rule applies to
 * @userns: user namespaces that the rule applies to
 * @kthread: the rule applies to kernel threads only
 * @none: the rule has no qualifier, and the other members are ignored
 */
struct autoload_qualifiers {
	u64 caps;
	const char *cgroup;
	uid_t uid_first;
	uid_t uid_last;
	enum autoload_userns userns;
	bool kthread;
	bool none;
};

/**
 * struct autoload_file - a file in securityfs
 * @name: name of the file
 * @max: maximum size of a write. Bounds the memory of the contents, which cannot be
 *	swapped out.
 * @show: print the contents
 * @set: replace the contents with @len bytes of text, which are followed by a NUL. May
 *	sleep. Must change nothing if it fails with -EINVAL, -ENOMEM or -EPERM. If the text
 *	consists of lines, it must report the reason of -EINVAL in the kernel log.
 * @policy: the file is part of the policy. @set is called with autoload_mutex held. If the
 *	policy is locked, @set must return 0 for the present contents and -EPERM for any
 *	other well-formed ones.
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
bool autoload_is_locked(void);

/* report.c: the log, audit records and the tracepoint */
extern const char *const autoload_kinds[AUTOLOAD_KINDS];
void autoload_report(const struct autoload_denial *denial);

/* requester.c */
void autoload_requester_current(struct autoload_requester *by);
int autoload_requester_find_cgroup(struct autoload_requester *by);
void autoload_requester_complete(struct autoload_requester *by);
void autoload_requester_release(struct autoload_requester *by);
bool autoload_current_has_cap(int cap);

/* mode.c: verdicts on requests and modules */
extern const struct autoload_file autoload_enforce_file;
int autoload_permit_alias(char *name);
int autoload_permit_module(const char *name);
unsigned int autoload_current_mode(void);
bool autoload_is_enforced(void);

/* rules.c: the rules */
extern seqcount_mutex_t autoload_seq;
extern const struct autoload_file autoload_policy_file;
int autoload_rules_match(enum autoload_kind kind, const char *name,
			 struct autoload_requester *by, char text[AUTOLOAD_RULE_SIZE]);

/* qualifiers.c: the qualifiers of rules */
char *autoload_next_word(char **line);
const char *autoload_qualifiers_parse(struct autoload_qualifiers *q, char *line);
int autoload_qualifiers_match(const struct autoload_qualifiers *q,
			      const struct autoload_requester *by);

/* learned.c: records of denials that are not enforced */
extern const struct autoload_file autoload_learned_file;
void autoload_learn(const struct autoload_denial *denial);
void autoload_learn_anew(void);

/* helpers.c: the allow-list of helpers */
extern const struct autoload_file autoload_helpers_file;
extern const struct autoload_file autoload_helpers_mode_file;
int autoload_permit_helper(const char *path);

#endif /* _SECURITY_AUTOLOAD_H */
