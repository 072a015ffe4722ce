/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __KERNEL_UMH_INTERNAL_H
#define __KERNEL_UMH_INTERNAL_H

#include <linux/binfmts.h>
#include <linux/types.h>
#include <linux/umh.h>

struct cred;
struct seq_file;

/* umh_gate.c: may helpers start, and which ones are running? */
int umh_gate_enter(struct subprocess_info *info);
void umh_gate_leave(struct subprocess_info *info);

/* umh_watch.c: which ones do not come to an end? */
void umh_watch(struct subprocess_info *info);
void umh_unwatch(struct subprocess_info *info);

/* umh.c */
void umh_put(struct subprocess_info *info);

/* umh_caps.c: what capabilities helpers start with */
void umh_caps_narrow(struct cred *new);

/* umh_guard.c: which programs may be helpers? */
#ifdef CONFIG_KMOD_POLICY
int umh_exec(const struct subprocess_info *info);
void umh_guard_show(struct seq_file *m);
int umh_guard_set(const char *text, size_t len);
void umh_guard_mode_show(struct seq_file *m);
int umh_guard_mode_set(const char *text, size_t len);
#else
static inline int umh_exec(const struct subprocess_info *info)
{
	return kernel_execve(info->path, (const char *const *)info->argv,
			     (const char *const *)info->envp);
}
#endif

#endif /* __KERNEL_UMH_INTERNAL_H */
