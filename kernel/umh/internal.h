/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_UMH_INTERNAL_H
#define _KERNEL_UMH_INTERNAL_H

#include <linux/kref.h>
#include <linux/umh.h>

struct cred;

/* umh.c: lifetime */
static inline void umh_get(struct subprocess_info *info)
{
	kref_get(&info->ref);
}

void umh_put(struct subprocess_info *info);

/* gate.c: may helpers start, and which ones are running? */
int umh_gate_enter(struct subprocess_info *info);
void umh_gate_leave(struct subprocess_info *info);

/* watch.c: which helpers hang? */
void umh_watch(struct subprocess_info *info);
void umh_unwatch(struct subprocess_info *info);

/* caps.c: the capabilities that helpers start with */
void umh_caps_narrow(struct cred *new);

#endif /* _KERNEL_UMH_INTERNAL_H */
