/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __KERNEL_UMH_INTERNAL_H
#define __KERNEL_UMH_INTERNAL_H

struct cred;
struct subprocess_info;

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

#endif /* __KERNEL_UMH_INTERNAL_H */
