/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_UMH_INTERNAL_H
#define _KERNEL_UMH_INTERNAL_H

#include <linux/binfmts.h>
#include <linux/types.h>
#include <linux/umh.h>

struct cred;
struct seq_file;

/* umh.c: lifetime */
void umh_get(struct subprocess_info *info);
void umh_put(struct subprocess_info *info);

/* gate.c: may helpers start, and which ones are running? */
int umh_gate_enter(struct subprocess_info *info);
void umh_gate_leave(struct subprocess_info *info);

/* watch.c: which helpers hang? */
void umh_watch(struct subprocess_info *info);
void umh_unwatch(struct subprocess_info *info);

/* caps.c: the capabilities that helpers start with */
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

#endif /* _KERNEL_UMH_INTERNAL_H */
