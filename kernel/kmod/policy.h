/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KMOD_POLICY_H
#define _KERNEL_KMOD_POLICY_H

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/types.h>

struct kmod_record;
struct mutex;
struct seq_file;

/* What rules are for. */
enum kmod_rule_kind {
	KMOD_RULE_ALIAS,	/* names that are asked for */
	KMOD_RULE_MODULE	/* modules that modprobe loads for them */
};

enum kmod_ruling {
	KMOD_RULE_NONE,
	KMOD_RULE_ALLOW,
	KMOD_RULE_DENY
};

#ifdef CONFIG_KMOD_POLICY
/* policy.c: who may load what; and the lock on all changes of that */
extern struct mutex kmod_policy_mutex;
int kmod_policy_change(void);
void kmod_policy_changed(void);
int kmod_policy_lock(void);
bool kmod_policy_is_locked(void);
int kmod_policy_enforce(bool enforce);
bool kmod_policy_is_enforced(void);
int kmod_policy_request(const struct kmod_record *rec);
int kmod_policy_module(const struct kmod_record *rec, const char *module);

/* rules.c: which names are open or closed to whom */
const char *kmod_rule_kind_name(enum kmod_rule_kind kind);
int kmod_rules_set(const char *text, size_t len);
void kmod_rules_show(struct seq_file *m);
enum kmod_ruling kmod_rules_judge(enum kmod_rule_kind kind, const char *name,
				  uid_t uid, unsigned int *line);
bool kmod_rules_alike(uid_t a, uid_t b);

/* learned.c: what would have been denied */
void kmod_learn(const struct kmod_record *rec, enum kmod_rule_kind kind,
		const char *name);
void kmod_learned_show(struct seq_file *m);
void kmod_learned_clear(void);
#else
static inline int kmod_policy_change(void)
{
	return capable(CAP_SYS_MODULE) ? 0 : -EPERM;
}

static inline void kmod_policy_changed(void) { }

static inline int kmod_policy_request(const struct kmod_record *rec)
{
	return 0;
}

static inline int kmod_policy_module(const struct kmod_record *rec,
				     const char *module)
{
	return 0;
}

static inline bool kmod_rules_alike(uid_t a, uid_t b)
{
	return true;
}
#endif

#endif /* _KERNEL_KMOD_POLICY_H */
